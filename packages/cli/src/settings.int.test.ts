import { existsSync, readdirSync, utimesSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Bench } from '../test/harness.ts'

const bench = new Bench()
const { base, configDir } = bench

let names = 0
const freshDirectory = async (): Promise<string> => {
  const directory = join(base, `place-${names++}`)
  await mkdir(directory)
  return directory
}

const train = (cwd: string, env: Record<string, string> = {}, id = 'some') =>
  bench.script('train.mjs', [id, '3'], { cwd, env }).ended

const runsIn = (cwd: string): string[] => {
  const runs = join(cwd, '.kiroku', 'runs')
  return existsSync(runs) ? readdirSync(runs) : []
}

describe('7.3 modes by command', () => {
  it('keeps runs on the disk after `offline`, and nothing at all after `disabled`', async () => {
    const cwd = await freshDirectory()
    const { code, stderr } = await bench.kiroku(['offline'], { cwd })
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(
        /^offline: runs stay on this disk; `kiroku sync` sends them \(.*settings\.json\)\n$/,
      ),
    })
    expect(JSON.parse(await readFile(join(cwd, '.kiroku', 'settings.json'), 'utf8'))).toEqual({ mode: 'offline' })
    expect(await readFile(join(cwd, '.kiroku', '.gitignore'), 'utf8')).toBe('*\n')
    expect(await train(cwd)).toMatchObject({ code: 0, stderr: expect.stringContaining('offline') })
    expect(runsIn(cwd)).toHaveLength(1)
    await bench.kiroku(['disabled'], { cwd })
    expect(await train(cwd)).toMatchObject({ code: 0 })
    expect(runsIn(cwd)).toHaveLength(1)
    await bench.kiroku(['enabled'], { cwd })
    expect(JSON.parse(await readFile(join(cwd, '.kiroku', 'settings.json'), 'utf8'))).toEqual({ mode: 'online' })
  })

  it('sets it for everything of the user with --global, and says what comes before it here', async () => {
    const cwd = await freshDirectory()
    const own = join(base, 'global-config')
    const env = { KIROKU_CONFIG_DIR: own }
    await bench.kiroku(['offline', '--global'], { cwd, env })
    expect(JSON.parse(await readFile(join(own, 'settings.json'), 'utf8'))).toEqual({ mode: 'offline' })
    expect(existsSync(join(cwd, '.kiroku'))).toBe(false)
    expect(await train(cwd, env)).toMatchObject({ code: 0 })
    expect(runsIn(cwd)).toHaveLength(1)
    const { stderr } = await bench.kiroku(['online'], { cwd, env: { ...env, KIROKU_MODE: 'disabled' } })
    expect(stderr).toMatch(/\nbut KIROKU_MODE says disabled, and that comes first here\n$/)
  })

  it('leaves other settings alone, and refuses a file that is broken', async () => {
    const cwd = await freshDirectory()
    const path = join(cwd, '.kiroku', 'settings.json')
    await mkdir(join(cwd, '.kiroku'))
    await writeFile(path, '{"project": "kept", "mode": "online"}')
    await bench.kiroku(['offline'], { cwd })
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ project: 'kept', mode: 'offline' })
    await writeFile(path, '{"mode": ')
    const { code, stderr } = await bench.kiroku(['online'], { cwd })
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^kiroku: [^\n]*settings\.json[^\n]*\n$/),
    })
    expect(await readFile(path, 'utf8')).toBe('{"mode": ')
  })
})

describe('9 status', () => {
  it('shows each setting with its source, and the runs that are not synced', async () => {
    const cwd = await freshDirectory()
    await mkdir(join(cwd, '.git'))
    await bench.kiroku(['offline'], { cwd })
    await train(cwd)
    const env = { KIROKU_URL: 'http://tracker.example:1234/' }
    const { code, stdout } = await bench.kiroku(['status', '--json'], { cwd, env })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      mode: { value: 'offline', from: expect.stringMatching(/\.kiroku\/settings\.json$/) },
      project: { value: cwd.split('/').at(-1), from: 'the name of the git repository, else uncategorized' },
      url: { value: 'http://tracker.example:1234', from: 'KIROKU_URL' },
      key: { isKnown: false, from: '' },
      dir: { value: join(cwd, '.kiroku'), from: 'default' },
      runs: { total: 1, live: [], unsynced: [expect.stringMatching(/-some$/)] },
    })
    const shown = await bench.kiroku(['status'], { cwd, env: { ...env, KIROKU_API_KEY: `kiroku-${'A'.repeat(40)}` } })
    expect(shown.stdout).toMatch(/^mode {8}offline {2}\(.*settings\.json\)$/m)
    expect(shown.stdout).toMatch(/^API key {5}known {2}\(KIROKU_API_KEY\)$/m)
    expect(shown.stdout).toMatch(/^local runs {2}1: 1 not synced: `kiroku sync` sends them$/m)
  })

  it('takes the server and project of the workspace before those of the user', async () => {
    const cwd = await freshDirectory()
    await mkdir(configDir, { recursive: true })
    await writeFile(join(configDir, 'settings.json'), '{"project": "mine", "url": "http://user.example"}')
    await mkdir(join(cwd, '.kiroku'))
    await writeFile(join(cwd, '.kiroku', 'settings.json'), '{"project": "here"}')
    const { stdout } = await bench.kiroku(['status', '--json'], { cwd })
    expect(JSON.parse(stdout)).toMatchObject({
      project: { value: 'here' },
      url: { value: 'http://user.example', from: expect.stringContaining('config/settings.json') },
    })
  })
})

describe('9 clean', () => {
  it('deletes nothing that is young, unsynced or not agreed to', async () => {
    const cwd = await freshDirectory()
    await train(cwd, { KIROKU_MODE: 'offline' }, 'unsent')
    await train(cwd, { KIROKU_MODE: 'offline' }, 'sent')
    const sent = runsIn(cwd).find((name) => name.endsWith('-sent')) ?? ''
    const mark = join(cwd, '.kiroku', 'runs', sent, 'synced')
    await writeFile(mark, '')
    const clean = (...args: string[]) => bench.kiroku(['clean', ...args], { cwd })
    expect(await clean('--yes')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /^No local run to delete.*; 2 stay: 1 not synced, 1 written to in the last 24 h \(--min-hours\)\n$/,
      ),
    })
    const old = new Date(Date.now() - 25 * 3_600_000)
    for (const name of ['run.klog', 'synced']) utimesSync(join(cwd, '.kiroku', 'runs', sent, name), old, old)
    expect(await clean('--dry-run')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/-sent\nWould delete 1 local run; 1 would stay\n$/),
    })
    expect(await clean()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/\nkiroku: there is no terminal to ask on/),
    })
    expect(runsIn(cwd)).toHaveLength(2)
    expect(await clean('--yes')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Deleted 1 local run; 1 stay'),
    })
    expect(runsIn(cwd)).toEqual([expect.stringMatching(/-unsent$/)])
    const all = await clean('--yes', '--include-unsynced', '--min-hours', '0')
    expect(all).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/-unsent {2}not synced\nDeleted 1 local run; 0 stay\n$/),
    })
    expect(runsIn(cwd)).toEqual([])
  })

  it('leaves a run alone whose script still writes', async () => {
    const cwd = await freshDirectory()
    const script = bench.script('train.mjs', ['busy', '1', 'hold'], { cwd, env: { KIROKU_MODE: 'offline' } })
    await expect.poll(() => script.said.stdout, { timeout: 30_000 }).toContain('logged 1')
    const { stderr } = await bench.kiroku(['clean', '--yes', '--include-unsynced', '--min-hours', '0'], { cwd })
    expect(stderr).toMatch(/^No local run to delete.*; 1 stay: 1 still running\n$/)
    expect(runsIn(cwd)).toHaveLength(1)
    script.child.stdin?.write('end\n')
    expect(await script.ended).toMatchObject({ code: 0 })
  })
})
