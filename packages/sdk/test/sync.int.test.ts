import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newWriterId } from '@kiroku/core/ids'
import { client, readPoints, testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { markProcess } from '../src/log/process-mark.ts'
import { findRuns, syncRun } from '../src/sync/index.ts'
import { LogFile } from './log-file.ts'
import { Script, until } from './script.ts'
import { endedRun, expectRows, type Place, storedRun } from './stored-run.ts'

let server: Awaited<ReturnType<typeof testServer>>
let place: Place
let env: Record<string, string>
let root: string
beforeAll(async () => {
  server = await testServer()
})
beforeEach(async () => {
  place = await testOrganization(server)
  env = { KIROKU_URL: place.url, KIROKU_API_KEY: place.apiKey }
  root = mkdtempSync(join(tmpdir(), 'kiroku-sync-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))
afterAll(() => server.close())

const train = (words: readonly string[], more: Record<string, string> = {}): Script =>
  new Script('train.mjs', words, { ...env, ...more })
const target = (directory: string) => ({ directory, url: place.url, apiKey: place.apiKey })
const pointsOf = (run: string, metric: string) =>
  readPoints(place, { organization: place.organization, project: 'demo', run, metric })

/** A directory for a log. */
function runDirectory(name: string): string {
  const directory = join(root, name)
  mkdirSync(directory)
  return directory
}

describe('7.6 sync', () => {
  it('brings an offline run to the server, however often and however many at once', async () => {
    await using script = train(['--rows', '2000'], { KIROKU_MODE: 'offline' })
    expect(await script.exit()).toBe(0)
    const [run] = findRuns(join(script.directory, '.kiroku'))
    expect(run).toMatchObject({ mode: 'offline', state: 'unsynced', url: null })
    const directory = run?.directory ?? ''
    const results = await Promise.all(Array.from({ length: 3 }, () => syncRun(target(directory))))
    expect(results.map(({ rows, isComplete }) => [rows, isComplete])).toEqual(Array(3).fill([2000, true]))
    await syncRun(target(directory))
    await expectRows(place, await script.runId(), 2000)
    expect((await endedRun(place, await script.runId())).state).toBe('finished')
    expect(findRuns(script.directory)).toMatchObject([{ state: 'synced' }])
  })

  it('can be interrupted anywhere', async () => {
    await using script = train(['--rows', '3000'], { KIROKU_MODE: 'offline' })
    await script.exit()
    const [directory = ''] = script.runDirectories()
    for (const afterMs of [1, 5, 20, 50, 100]) {
      await syncRun({ ...target(directory), signal: AbortSignal.timeout(afterMs) }).catch(() => {})
    }
    await syncRun(target(directory))
    await expectRows(place, await script.runId(), 3000)
  })

  it('follows an offline run that goes on, to its end', async () => {
    await using script = train(['--rows', '1500', '--pause', '1'], { KIROKU_MODE: 'offline' })
    await script.logged(100)
    const [directory = ''] = script.runDirectories()
    await until(() => existsSync(join(directory, 'run.klog')) || undefined, 'the log')
    const syncing = syncRun({ ...target(directory), isLive: true })
    const id = await script.runId()
    await until(async () => ((await storedRun(place, id))?.lastStep ?? 0) > 100 || undefined, 'rows while it runs')
    expect(script.lines.some(({ ended }) => ended)).toBe(false)
    expect(await syncing).toMatchObject({ rows: 1500, isComplete: true })
    await expectRows(place, id, 1500)
    expect((await storedRun(place, id))?.state).toBe('finished')
  })

  it('gets the rest of a run whose script and sidecar were killed', async () => {
    await using script = train(['--rows', '100000', '--pause', '1'])
    const id = await script.runId()
    await until(async () => ((await storedRun(place, id))?.lastStep ?? 0) > 50 || undefined, 'the first rows')
    const sidecar = await script.sidecar()
    process.kill(sidecar, 'SIGSTOP')
    const row = script.lastLogged()
    await script.logged(row + 300)
    script.child.kill('SIGKILL')
    await script.exit()
    process.kill(sidecar, 'SIGKILL')
    const [directory = ''] = script.runDirectories()
    expect(findRuns(directory)).toMatchObject([{ state: 'unsynced', mode: 'online', url: place.url }])
    await syncRun(target(directory))
    expect(await expectRows(place, id)).toBeGreaterThan(row + 100)
    expect((await storedRun(place, id))?.state).toBe('crashed')
  })
})

describe('7.4 what a script left whose sidecar was killed with it', () => {
  it('is sent by the sidecar of the next script beside it', async () => {
    await using first = train(['--rows', '100000', '--pause', '1'])
    const id = await first.runId()
    await first.logged(300)
    const sidecar = await first.sidecar()
    process.kill(sidecar, 'SIGSTOP')
    const row = first.lastLogged()
    await first.logged(row + 300)
    first.child.kill('SIGKILL')
    await first.exit()
    process.kill(sidecar, 'SIGKILL')
    await using second = train(['--rows', '10'], { KIROKU_DIR: join(first.directory, '.kiroku') })
    expect(await second.exit()).toBe(0)
    expect((await endedRun(place, id)).state).toBe('crashed')
    expect(await expectRows(place, id)).toBeGreaterThan(row + 100)
    expect(second.stderr).not.toContain(id)
    expect((await endedRun(place, await second.runId())).state).toBe('finished')
    await until(() => findRuns(first.directory).every(({ state }) => state === 'synced') || undefined, 'the mark')
  })
})

describe('4.5 resume at sync time', () => {
  it('goes on after the last step that the server knows, and drops explicit steps before it', async () => {
    const known = new LogFile(runDirectory('known'), { create: { project: 'demo', run: 'known' } })
    known.rows(16).finish().close()
    await syncRun(target(known.directory))
    const process = { ...markProcess(1), start: 'long ago' }
    const log = new LogFile(runDirectory('resumed'), {
      process,
      create: { project: 'demo', run: 'known', writer: newWriterId(), resume: 'allow' },
    })
    log.row(0, { value: 100 }).row(5, { isExplicit: true, value: 101 }).row(6, { value: 102 })
    log.row(30, { isExplicit: true, value: 103 }).finish().close()
    const { losses } = await syncRun(target(log.directory))
    expect(losses.droppedCalls).toBe(1)
    const { steps, values } = await pointsOf('known', 'a')
    expect([...steps]).toEqual([...Array(16).keys(), 16, 17, 30])
    expect([...values].slice(16)).toEqual([100, 102, 103])
  })

  it('is refused for good where the run must be known and is not', async () => {
    const log = new LogFile(runDirectory('must'), { create: { project: 'demo', run: 'nobody', resume: 'must' } })
    log.rows(1).finish().close()
    await expect(syncRun(target(log.directory))).rejects.toMatchObject({ name: 'KirokuError' })
    expect(findRuns(log.directory)).toMatchObject([{ isRefused: true, state: 'unsynced' }])
    expect(await storedRun(place, 'nobody')).toBeUndefined()
  })
})

describe('7.2 a damaged log', () => {
  it('is recovered but for the damaged place', async () => {
    const log = new LogFile(runDirectory('damaged'), { create: { project: 'demo', run: 'damaged' } })
    log.rows(1000).finish().close()
    const bytes = readFileSync(log.path)
    const { size } = statSync(log.path)
    bytes.fill(0xff, size - 20_000, size - 19_000)
    writeFileSync(log.path, bytes)
    const { losses, rows } = await syncRun(target(log.directory))
    expect(losses.places).toBe(1)
    expect(rows).toBeGreaterThan(970)
    const { steps } = await pointsOf('damaged', 'a')
    expect(steps.length).toBe(rows)
    expect([steps[0], steps.at(-1)]).toEqual([0, 999])
  })
})

describe('6.4 console and files of a log', () => {
  it('arrive beside its rows', async () => {
    const log = new LogFile(runDirectory('printed'), { create: { project: 'demo', run: 'printed' } })
    log.print('0%\r50%').row(0).print('oops\n', { isError: true }).print('\r100%\n')
    log.file('media/a.txt', 'content').finish().close()
    await syncRun(target(log.directory))
    const address = { organization: place.organization, project: 'demo', run: 'printed' }
    const { lines } = await client(place).console.byRun.query(address)
    expect(lines.map(({ line, stream, text }) => [line, stream, text])).toEqual([
      [0, 'stdout', '100%'],
      [1, 'stderr', 'oops'],
    ])
    expect(await client(place).files.list.query(address)).toMatchObject([{ path: 'media/a.txt', size: 7 }])
  })
})
