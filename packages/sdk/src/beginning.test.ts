import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sdkEnv } from './env.ts'
import { readResumeFile, removeResumeFile, resumePath, writeResumeFile } from './resume-file.ts'
import { parseMoment } from './run-moment.ts'
import { type RunOptions, resolveSettings, settingsOfFiles } from './settings.ts'
import { changeSettings, settingsPath } from './settings-file.ts'

let root: string
const warn = vi.fn()
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kiroku-beginning-'))
  for (const name of Object.keys(process.env)) if (/^(KIROKU|WANDB)_/.test(name)) vi.stubEnv(name, undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
  warn.mockClear()
  rmSync(root, { recursive: true, force: true })
})

const settingsOf = (options: RunOptions): ReturnType<typeof resolveSettings> =>
  resolveSettings({ project: 'demo', ...options }, sdkEnv(), { root, warn })

describe('4.5 what is asked of a known run', () => {
  it.each([
    [{}, undefined, false],
    [{ resume: false }, undefined, false],
    [{ resume: 'allow' }, 'allow', false],
    [{ resume: 'must' }, 'must', false],
    [{ resume: 'never' }, 'never', false],
    [{ resume: 'auto' }, 'allow', true],
    [{ resume: true }, 'allow', true],
  ] as const)('%j is %s', (options, resume, isAutomatic) => {
    const settings = settingsOf(options)
    expect([settings.resume, settings.isAutomatic]).toEqual([resume, isAutomatic])
  })

  it.each([
    ['allow', 'allow', false],
    ['MUST', 'must', false],
    ['auto', 'allow', true],
    ['true', 'allow', true],
    ['0', undefined, false],
  ])('KIROKU_RESUME=%s is %s', (word, resume, isAutomatic) => {
    vi.stubEnv('KIROKU_RESUME', word)
    const settings = settingsOf({})
    expect([settings.resume, settings.isAutomatic]).toEqual([resume, isAutomatic])
    expect(settingsOf({ resume: 'never' }).resume).toBe('never')
    expect(settingsOf({ resume: false }).resume).toBeUndefined()
  })

  it('names what excludes each other, and what is none', () => {
    expect(() => settingsOf({ resume: 'must', resumeFrom: 'a?_step=1' })).toThrow(/resume and resumeFrom exclude/)
    expect(() => settingsOf({ resumeFrom: 'a?_step=1', forkFrom: 'b?_step=1' })).toThrow(/resumeFrom and forkFrom/)
    expect(() => settingsOf({ resume: 'auto', forkFrom: 'b?_step=1' })).toThrow(/resume and forkFrom/)
    vi.stubEnv('KIROKU_RESUME', 'must')
    vi.stubEnv('KIROKU_FORK_FROM', 'a?_step=1')
    expect(() => settingsOf({})).toThrow(/KIROKU_RESUME and KIROKU_FORK_FROM exclude/)
    expect(settingsOf({ forkFrom: 'b?_step=2' })).toMatchObject({ fork: { run: 'b', step: 2 } })
    vi.stubEnv('KIROKU_FORK_FROM', undefined)
    vi.stubEnv('KIROKU_RESUME', 'maybe')
    expect(() => settingsOf({})).toThrow(/KIROKU_RESUME: .*expected allow, must, never, auto/)
  })
})

describe('4.5 resume: auto', () => {
  it('takes the id of the run that was interrupted here, in its own project only', () => {
    writeResumeFile(root, { project: 'demo', id: 'before' })
    expect(settingsOf({ resume: 'auto' }).id).toBe('before')
    expect(settingsOf({ resume: 'auto', project: 'other' }).id).not.toBe('before')
    expect(settingsOf({ resume: 'allow' }).id).not.toBe('before')
    expect(warn).not.toHaveBeenCalled()
    expect(settingsOf({ resume: true, id: 'mine' }).id).toBe('mine')
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/run before was interrupted .* set to mine/))
  })

  it('does without a note that is broken, and forgets only what it is asked to', () => {
    writeFileSync(resumePath(root), '{')
    expect(settingsOf({ resume: 'auto' }).id).toMatch(/^[a-z0-9]{8}$/)
    writeResumeFile(root, { project: 'demo', id: 'one' })
    removeResumeFile(root, 'two')
    expect(readResumeFile(root)).toEqual({ project: 'demo', id: 'one' })
    removeResumeFile(root, 'one')
    expect(readResumeFile(root)).toBeUndefined()
  })
})

describe('4.6 moments', () => {
  it('are text or parts', () => {
    expect(parseMoment('a.b-c?_step=12', 'forkFrom')).toEqual({ run: 'a.b-c', step: 12 })
    expect(parseMoment({ run: 'a', step: 0 }, 'forkFrom')).toEqual({ run: 'a', step: 0 })
  })

  it.each(['a', 'a?_step=', 'a?_step=-1', 'a?_step=1.5', '?_step=1', 'a?step=1', 'a?_step=1&x=2', ''])(
    'refuses %j and shows how one looks',
    (text) => {
      expect(() => parseMoment(text, 'forkFrom')).toThrow(/forkFrom: .*<id>\?_step=<n>/)
    },
  )

  it('give the id of a rewound run, and may not give that of a forked one', () => {
    expect(settingsOf({ resumeFrom: 'a?_step=3' })).toMatchObject({ id: 'a', rewind: { run: 'a', step: 3 } })
    expect(() => settingsOf({ id: 'b', resumeFrom: 'a?_step=3' })).toThrow(/cannot have the id b/)
    expect(() => settingsOf({ id: 'a', forkFrom: 'a?_step=3' })).toThrow(/cannot have the id a/)
    expect(settingsOf({ id: 'b', forkFrom: { run: 'a', step: 3 } })).toMatchObject({
      id: 'b',
      fork: { run: 'a', step: 3 },
    })
  })
})

describe('1.4 shared runs', () => {
  it('have a label for each of their processes', () => {
    expect(settingsOf({}).label).toBeUndefined()
    expect(settingsOf({ shared: true }).label).toMatch(/^.+-[a-z0-9]{8}$/)
    expect(settingsOf({ shared: true, label: 'rank 1' }).label).toBe('rank 1')
    vi.stubEnv('KIROKU_SHARED', 'yes')
    vi.stubEnv('KIROKU_LABEL', 'rank 2')
    expect(settingsOf({})).toMatchObject({ shared: true, label: 'rank 2' })
  })
})

describe('4.2 precedence', () => {
  it('is: defaults, settings of the user, of the workspace, environment, options', () => {
    const user = mkdtempSync(join(root, 'user-'))
    vi.stubEnv('KIROKU_CONFIG_DIR', user)
    const resolved = (options: RunOptions = {}): ReturnType<typeof resolveSettings> =>
      resolveSettings(options, sdkEnv(), { files: settingsOfFiles(sdkEnv(), root, warn) })
    expect(resolved()).toMatchObject({ mode: 'online', allowValChange: false, console: true })
    changeSettings(user, { mode: 'offline', project: 'user', group: 'user', tags: ['t'], console: false })
    expect(resolved()).toMatchObject({ mode: 'offline', project: 'user', group: 'user', tags: ['t'], console: false })
    changeSettings(root, { mode: 'disabled', project: 'workspace', allowValChange: true })
    expect(resolved()).toMatchObject({ mode: 'disabled', project: 'workspace', group: 'user', allowValChange: true })
    vi.stubEnv('KIROKU_MODE', 'online')
    vi.stubEnv('KIROKU_CONSOLE', '1')
    vi.stubEnv('KIROKU_ALLOW_VAL_CHANGE', 'no')
    expect(resolved()).toMatchObject({ mode: 'online', project: 'workspace', console: true, allowValChange: false })
    expect(resolved({ mode: 'offline', project: 'option' })).toMatchObject({ mode: 'offline', project: 'option' })
    expect(warn).not.toHaveBeenCalled()
    writeFileSync(settingsPath(root), '{"mode":"onlin"}')
    expect(resolved()).toMatchObject({ project: 'user' })
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('mode'))
  })
})
