import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { newApiKey } from '@kiroku/core/ids'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { configDirectory, credentialsPath, readCredentials, serverAddress, storeCredentials } from './credentials.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kiroku-credentials-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('configDirectory', () => {
  it('takes the variable, then the XDG directory, then the home', () => {
    expect(configDirectory({ KIROKU_CONFIG_DIR: '/a', XDG_CONFIG_HOME: '/b' })).toBe('/a')
    expect(configDirectory({ XDG_CONFIG_HOME: '/b' })).toBe('/b/kiroku')
    expect(configDirectory({ KIROKU_CONFIG_DIR: '', XDG_CONFIG_HOME: '' })).toBe(join(homedir(), '.config', 'kiroku'))
  })
})

describe('serverAddress', () => {
  it('drops slashes at the end, search and hash', () => {
    expect(serverAddress('http://127.0.0.1:8080/')).toBe('http://127.0.0.1:8080')
    expect(serverAddress('https://Example.com/kiroku//?a#b')).toBe('https://example.com/kiroku')
  })

  it.each(['', 'localhost:8080', 'ftp://example.com'])('refuses `%s`', (url) => {
    expect(() => serverAddress(url)).toThrow(/is not a server's address/)
  })
})

describe('credentials', () => {
  it('are none where there is no file', () => {
    expect(readCredentials(join(directory, 'nowhere'))).toEqual({ keys: {} })
  })

  it('keep a key a server, the latest as the default, in a file of its owner only', () => {
    const nested = join(directory, 'a', 'b')
    const [first, second] = [newApiKey(), newApiKey()]
    storeCredentials(nested, { url: 'http://127.0.0.1:8080/', key: first })
    storeCredentials(nested, { url: 'https://example.com', key: second })
    expect(readCredentials(nested)).toEqual({
      default: 'https://example.com',
      keys: { 'http://127.0.0.1:8080': first, 'https://example.com': second },
    })
    expect(statSync(credentialsPath(nested)).mode & 0o777).toBe(0o600)
    expect(readdirSync(nested)).toEqual(['credentials.json'])
  })

  it('that are broken are refused by name, and replaced by the next that is stored', () => {
    writeFileSync(credentialsPath(directory), '{"keys": 1')
    expect(() => readCredentials(directory)).toThrow(/credentials\.json \(delete it/)
    const key = newApiKey()
    storeCredentials(directory, { url: 'http://127.0.0.1:1', key })
    expect(readCredentials(directory).keys).toEqual({ 'http://127.0.0.1:1': key })
  })

  it('are not stored where a file stands in the way', () => {
    const blocked = join(directory, 'file')
    writeFileSync(blocked, '')
    expect(() => storeCredentials(blocked, { url: 'http://127.0.0.1:1', key: newApiKey() })).toThrow(/^Cannot write/)
    mkdirSync(credentialsPath(directory))
    expect(() => readCredentials(directory)).toThrow(/^Cannot read/)
  })
})
