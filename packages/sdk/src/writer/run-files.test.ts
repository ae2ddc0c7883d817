import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileKind } from './protocol.ts'
import { RunFiles } from './run-files.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kiroku-files-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const bytes = Buffer.from('content')
const sha256 = createHash('sha256').update(bytes).digest('hex')
const facts = { path: 'media/a b.txt', sha256, size: bytes.length, mime: 'text/plain' }

function message(text: string): Buffer {
  const head = Buffer.alloc(8)
  head[0] = fileKind
  head.writeUInt32LE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text), bytes])
}

describe('the files of a run', () => {
  it('are kept below its folder, and told', () => {
    const files = new RunFiles(directory, [])
    expect(files.add('diff.patch', 'text/x-patch', bytes)).toEqual({
      ...facts,
      path: 'diff.patch',
      mime: 'text/x-patch',
    })
    expect(files.take(message(JSON.stringify(facts)))).toEqual(facts)
    expect(readFileSync(join(directory, 'files', 'media', 'a b.txt'))).toEqual(bytes)
    expect(readdirSync(directory)).toEqual(['files'])
  })

  it('6.1 are kept and not told where an ignore glob fits', () => {
    const files = new RunFiles(directory, ['*.patch'])
    expect(files.add('diff.patch', 'text/x-patch', bytes)).toBeUndefined()
    expect(existsSync(join(directory, 'files', 'diff.patch'))).toBe(true)
  })

  it('lie nowhere else, whatever a path or a message says', () => {
    const files = new RunFiles(directory, [])
    for (const path of ['../out', '/etc/out', 'a//b', 'a/./b', '', 'a\\b']) {
      expect(files.add(path, 'text/plain', bytes), path).toBeUndefined()
      expect(files.take(message(JSON.stringify({ ...facts, path }))), path).toBeUndefined()
    }
    expect([files.take(message('{ not json')), files.take(message('7'))]).toEqual([undefined, undefined])
    expect(readdirSync(directory)).toEqual([])
  })

  it('are not told where the disk does not take them', () => {
    writeFileSync(join(directory, 'files'), 'in the way')
    expect(new RunFiles(directory, []).add('a.txt', 'text/plain', bytes)).toBeUndefined()
    rmSync(join(directory, 'files'))
    mkdirSync(join(directory, 'files', 'a.txt'), { recursive: true })
    expect(new RunFiles(directory, []).add('a.txt', 'text/plain', bytes)).toBeUndefined()
    expect(readdirSync(directory)).toEqual(['files'])
  })
})
