import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { newApiKey } from '@kiroku/core/ids'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { storeCredentials } from './credentials.ts'
import { sdkEnv } from './env.ts'
import { startRun } from './init.ts'
import { makeRunDirectory, resolveDestination, resolveSettings } from './settings.ts'
import { defaultProject } from './settings-file.ts'
import { metric } from './typed.ts'
import { Warnings } from './warnings.ts'

let directory: string
const warn = vi.fn()
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kiroku-settings-'))
  for (const name of Object.keys(process.env)) if (/^(KIROKU|WANDB)_/.test(name)) vi.stubEnv(name, undefined)
  vi.stubEnv('KIROKU_CONFIG_DIR', directory)
})
afterEach(() => {
  vi.unstubAllEnvs()
  warn.mockClear()
  rmSync(directory, { recursive: true, force: true })
})

describe('the environment', () => {
  it('is read with defaults, what is empty counting as not set', () => {
    vi.stubEnv('KIROKU_NAME', '')
    vi.stubEnv('KIROKU_MODE', '')
    vi.stubEnv('KIROKU_QUIET', 'Yes')
    vi.stubEnv('WANDB_DISABLE_CODE', 'true')
    expect(sdkEnv()).toMatchObject({
      KIROKU_NAME: undefined,
      KIROKU_MODE: undefined,
      KIROKU_QUIET: true,
      KIROKU_SILENT: false,
      WANDB_DISABLE_CODE: true,
      KIROKU_STATS_SAMPLE_SECONDS: 2,
      KIROKU_STATS_WINDOW_SECONDS: 15,
    })
  })

  it.each([
    ['KIROKU_QUIET', 'perhaps'],
    ['KIROKU_MODE', 'onlin'],
    ['KIROKU_STATS_SAMPLE_SECONDS', '0.01'],
    ['KIROKU_FINISH_TIMEOUT', 'long'],
  ])('is refused by name where it makes no sense: %s=%s', (name, value) => {
    vi.stubEnv(name, value)
    expect(() => sdkEnv()).toThrow(new RegExp(`^environment: ${name}: `))
  })
})

describe('resolveSettings', () => {
  it('takes options before the environment before defaults', () => {
    vi.stubEnv('KIROKU_PROJECT', 'from-env')
    vi.stubEnv('KIROKU_TAGS', 'a, b,,a')
    vi.stubEnv('KIROKU_GROUP', 'g')
    expect(resolveSettings({ project: 'mine' }, sdkEnv())).toMatchObject({
      project: 'mine',
      tags: ['a', 'b'],
      group: 'g',
      mode: 'online',
      id: expect.stringMatching(/^[a-z0-9]{8}$/),
    })
    expect(resolveSettings({ tags: 'a, b' }, sdkEnv())).toMatchObject({ project: 'from-env', tags: ['a, b'] })
  })

  it.each([
    [{ project: 'a/b' }, /project: a project name must not contain/],
    [{ id: 'a b' }, /id: a run id may use/],
    [{ id: 'a:b' }, /must not contain any of/],
    [{ tags: ['x'.repeat(65)] }, /tags.*a tag has at most 64 characters|tags/],
  ])('refuses %j', (options, message) => {
    expect(() => resolveSettings(options, sdkEnv())).toThrow(message)
  })
})

describe('defaultProject', () => {
  it("is the name of the repository's directory", () => {
    const repository = join(directory, 'my:repo')
    mkdirSync(join(repository, 'src', 'deep'), { recursive: true })
    expect(defaultProject(join(repository, 'src', 'deep'))).toBe('uncategorized')
    mkdirSync(join(repository, '.git'))
    expect(defaultProject(join(repository, 'src', 'deep'))).toBe('my-repo')
  })
})

describe('resolveDestination', () => {
  it('takes what is told, else the latest login, else this machine', () => {
    expect(resolveDestination({}, sdkEnv(), warn)).toEqual({ url: 'http://127.0.0.1:8080', apiKey: null })
    const key = newApiKey()
    storeCredentials(directory, { url: 'https://kiroku.example/', key })
    expect(resolveDestination({}, sdkEnv(), warn)).toEqual({ url: 'https://kiroku.example', apiKey: key })
    vi.stubEnv('KIROKU_URL', 'http://other:1/')
    expect(resolveDestination({}, sdkEnv(), warn)).toEqual({ url: 'http://other:1', apiKey: null })
    expect(resolveDestination({ url: 'http://third', apiKey: 'k' }, sdkEnv(), warn)).toEqual({
      url: 'http://third',
      apiKey: 'k',
    })
    expect(() => resolveDestination({ url: 'third' }, sdkEnv(), warn)).toThrow(/is not a server's address/)
  })

  it('goes on without credentials that are broken', () => {
    writeFileSync(join(directory, 'credentials.json'), '{')
    expect(resolveDestination({}, sdkEnv(), warn).apiKey).toBeNull()
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('credentials.json'))
  })
})

describe('makeRunDirectory', () => {
  const now = new Date('2026-01-02T03:04:05Z')

  it('makes each run its own, in a directory that git ignores', () => {
    const root = join(directory, '.kiroku')
    const first = makeRunDirectory(root, { id: 'abc', now, warn })
    const second = makeRunDirectory(root, { id: 'abc', now, warn })
    expect(basename(first?.directory ?? '')).toBe('run-20260102_030405-abc')
    expect(basename(second?.directory ?? '')).toBe('run-20260102_030405-abc-1')
    expect(readFileSync(join(root, '.gitignore'), 'utf8')).toBe('*\n')
  })

  it('does not put that in a directory of somebody else', () => {
    mkdirSync(join(directory, 'mine', 'runs'), { recursive: true })
    makeRunDirectory(join(directory, 'mine'), { id: 'abc', now, warn })
    expect(existsSync(join(directory, 'mine', '.gitignore'))).toBe(false)
  })

  it('takes the temporary directory where it may not write, and says so', () => {
    writeFileSync(join(directory, 'file'), '')
    const { root, directory: made = '' } = makeRunDirectory(join(directory, 'file'), { id: 'abc', now, warn }) ?? {}
    expect(root).toBe(join(tmpdir(), 'kiroku'))
    expect(readdirSync(made)).toEqual([])
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('local data goes to'))
    rmSync(made, { recursive: true })
  })
})

describe('init', () => {
  it('refuses more definitions than a server takes, before anything is begun', () => {
    const metrics = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`m${index}`, metric()]))
    expect(() => startRun({ metrics, dir: directory, mode: 'offline' })).toThrow(/^init: metrics: /)
  })
})

describe('a disk that takes nothing', () => {
  it('keeps no script from going on: init and log throw nothing, and it is said that nothing is recorded', () => {
    writeFileSync(join(directory, 'file'), '')
    vi.stubEnv('TMPDIR', join(directory, 'file'))
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    try {
      const run = startRun({ dir: join(directory, 'file'), project: 'demo', id: 'nowhere', mode: 'offline' })
      run.log({ a: 1 })
      expect(run.dir).toBeUndefined()
      run.end(0)
      startRun({ dir: join(directory, 'file'), project: 'demo', id: 'nowhere', mode: 'offline' }).end(0)
      expect(said.mock.calls.join()).toContain('nothing is recorded')
    } finally {
      said.mockRestore()
    }
  })
})

describe('Warnings', () => {
  it('tells the first of a topic, then counts, and tells the rest at the end', () => {
    const told: string[] = []
    const warnings = new Warnings((text) => told.push(text))
    warnings.warn('a', 'first', 0)
    warnings.warn('a', 'second', 5_000)
    warnings.warn('b', 'other', 5_000)
    warnings.warn('a', 'third', 11_000)
    warnings.warn('a', 'fourth', 12_000)
    warnings.close()
    expect(told).toEqual(['first', 'other', 'third (and 1 more of the kind)', 'fourth (1 more of the kind)'])
  })
})
