import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { changeSettings, makeWorkspace, readSettings, settingsPath, workspaceDirectory } from './settings-file.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kiroku-settings-file-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('4.2 settings files', () => {
  it('are nothing where there is none, and are made with what is set first', () => {
    const workspace = join(directory, 'deep', '.kiroku')
    expect(readSettings(workspace)).toEqual({})
    expect(changeSettings(workspace, { mode: 'offline' })).toEqual({ mode: 'offline' })
    expect(readSettings(workspace)).toEqual({ mode: 'offline' })
    expect(statSync(settingsPath(workspace)).mode & 0o077).toBe(0)
    expect(readdirSync(workspace)).toEqual(['settings.json'])
  })

  it('keep what a change does not name, and lose what it names null', () => {
    changeSettings(directory, { mode: 'offline', project: 'mnist', tags: ['a'] })
    changeSettings(directory, { project: undefined })
    expect(changeSettings(directory, { mode: 'online', tags: null, url: undefined })).toEqual({
      mode: 'online',
      project: 'mnist',
    })
    expect(readSettings(directory)).toEqual({ mode: 'online', project: 'mnist' })
  })

  it.each([
    ['{', /settings\.json \(correct or delete it\): it is not JSON$/],
    ['{"mode":"onlin"}', /mode: /],
    ['{"projet":"a"}', /projet/],
    ['{"project":"a/b"}', /project: a project name must not contain/],
  ])('that hold %s are refused by name', (text, message) => {
    writeFileSync(settingsPath(directory), text)
    expect(() => readSettings(directory)).toThrow(message)
    expect(() => changeSettings(directory, { mode: 'online' })).toThrow(message)
    expect(readFileSync(settingsPath(directory), 'utf8')).toBe(text)
  })

  it('that cannot be written are said by their path', () => {
    writeFileSync(join(directory, 'file'), '')
    expect(() => changeSettings(join(directory, 'file'), { mode: 'online' })).toThrow(/^Cannot write .*settings\.json/)
  })
})

describe('a workspace', () => {
  it('is .kiroku in the working directory unless it is told elsewhere', () => {
    expect(workspaceDirectory({})).toBe(join(process.cwd(), '.kiroku'))
    expect(workspaceDirectory({ KIROKU_DIR: '/env' })).toBe('/env')
    expect(workspaceDirectory({ KIROKU_DIR: '/env' }, 'mine')).toBe(join(process.cwd(), 'mine'))
  })

  it('is kept out of git, once', () => {
    const root = join(directory, '.kiroku')
    makeWorkspace(root)
    expect(readFileSync(join(root, '.gitignore'), 'utf8')).toBe('*\n')
    rmSync(join(root, '.gitignore'))
    makeWorkspace(root)
    expect(existsSync(join(root, '.gitignore'))).toBe(false)
  })
})
