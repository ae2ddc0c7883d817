import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LogFile } from '../../test/log-file.ts'
import { until } from '../../test/script.ts'
import { ScriptedServer } from '../../test/scripted-server.ts'
import { logFileName } from '../log/format.ts'
import { markProcess } from '../log/process-mark.ts'
import { findRuns, type SyncProgress, syncRun } from './index.ts'

let root: string
let directory: string
let server: ScriptedServer
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'kiroku-sync-'))
  directory = join(root, 'runs', 'run-20261123_120000-abc')
  mkdirSync(directory, { recursive: true })
  server = new ScriptedServer()
  await server.listen()
})
afterEach(() => {
  server.close()
  rmSync(root, { recursive: true, force: true })
})
const target = () => ({ directory, url: server.url, apiKey: 'key' })
const gone = { pid: 2 ** 22 + 1, start: 'never', hostname: markProcess(1).hostname }

describe('7.6 sync', () => {
  it('brings a run to the server, marks it, and does nothing the second time', async () => {
    new LogFile(directory).rows(10).finish().close()
    const progress: SyncProgress[] = []
    const result = await syncRun({ ...target(), onProgress: (now) => progress.push(now) })
    expect(result).toMatchObject({ rows: 10, project: 'p', id: 'r', url: `${server.url}/o/p/runs/r`, isComplete: true })
    expect(progress.at(-1)).toMatchObject({ bytes: statSync(join(directory, logFileName)).size, waitsFor: null })
    expect(findRuns(root)).toMatchObject([{ state: 'synced', synced: { url: server.url, run: 'r', rows: 10 } }])
    expect(await syncRun(target())).toEqual(result)
    expect(server.batches).toEqual([{ firstSeq: 1, lastSeq: 11 }])
  })

  it('goes on where it was interrupted', async () => {
    new LogFile(directory).rows(10).finish().close()
    const stop = new AbortController()
    server.refuse = () => {
      stop.abort(new Error('enough'))
      return { status: 503, body: {} }
    }
    await expect(syncRun({ ...target(), signal: stop.signal })).rejects.toThrow('enough')
    server.refuse = () => undefined
    server.ackSeq = 4
    await syncRun(target())
    expect(server.steps).toEqual([4, 5, 6, 7, 8, 9])
  })

  it('ends a run whose script died as crashed', async () => {
    new LogFile(directory, { process: gone }).rows(3).close()
    expect(findRuns(root)).toMatchObject([{ state: 'unsynced' }])
    expect(await syncRun(target())).toMatchObject({ isComplete: true, rows: 3 })
    expect(server.taken.flatMap(({ updates }) => updates)).toMatchObject([{ type: 'finish', state: 'crashed' }])
  })

  it('knows no run by an empty log, of a script that was killed before it wrote', () => {
    writeFileSync(join(directory, logFileName), '')
    expect(findRuns(root)).toEqual([])
    expect(findRuns(directory)).toEqual([])
  })

  it('brings what a living script wrote so far, and leaves the rest to later', async () => {
    const log = new LogFile(directory, { process: markProcess(process.pid) }).rows(3).flush()
    expect(findRuns(root)).toMatchObject([{ state: 'live' }])
    expect(await syncRun(target())).toMatchObject({ isComplete: false, rows: 3 })
    expect([server.steps, server.updates, existsSync(join(directory, 'synced'))]).toEqual([[0, 1, 2], [], false])
    log.rows(2, 3).finish().close()
    expect(await syncRun(target())).toMatchObject({ isComplete: true, rows: 5 })
    expect(server.steps).toEqual([0, 1, 2, 3, 4])
  })

  it('follows a living script to its end when it is told to', async () => {
    const log = new LogFile(directory, { process: markProcess(process.pid) }).rows(3).flush()
    const syncing = syncRun({ ...target(), isLive: true })
    await until(() => (server.steps.length === 3 ? true : undefined), 'the first rows')
    log.rows(2, 3).finish().close()
    expect(await syncing).toMatchObject({ isComplete: true, rows: 5 })
  })

  it('brings it to another project and id, with other tags, as a run of its own', async () => {
    const log = new LogFile(directory, { create: { tags: ['old', 'kept'] } }).rows(1)
    log
      .update({ type: 'labels', set: { tags: ['old', 'new', 'later'] } })
      .finish()
      .close()
    await syncRun(target())
    server.ackSeq = 0
    await syncRun({ ...target(), project: 'q', id: 's', replaceTags: { old: 'new' } })
    await syncRun({ ...target(), project: 'q', id: 's' })
    const [own, other, again] = server.creates
    expect(other).toMatchObject({ project: 'q', run: 's', tags: ['new', 'kept'] })
    const labels = server.taken.flatMap(({ updates }) => updates.filter(({ type }) => type === 'labels'))
    expect(labels).toMatchObject([{ set: { tags: ['old', 'new', 'later'] } }, { set: { tags: ['new', 'later'] } }])
    expect(other?.writer).not.toBe(own?.writer)
    expect(again?.writer).toBe(other?.writer)
  })

  it('says what the server refused, and why', async () => {
    new LogFile(directory).rows(1).finish().close()
    server.key = 'another'
    await expect(syncRun(target())).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringMatching(/refused the run .*no such key/),
    })
    server.key = undefined
    server.refuse = (_, { updates }) => (updates.length > 0 ? { status: 422, body: { message: 'no end' } } : undefined)
    expect((await syncRun(target())).leftOut).toEqual([{ what: 'a finish update', why: '422: no end' }])
  })

  it('gives up when the server takes nothing for too long', async () => {
    new LogFile(directory).rows(1).finish().close()
    const refused = syncRun({ ...target(), url: 'http://127.0.0.1:1', patienceMs: 300 })
    await expect(refused).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/took nothing for .*ECONNREFUSED/),
    })
  })
})

describe('7.2 a log that was damaged', () => {
  /** Overwrites bytes of the log. */
  function damage(from: number, to: number): void {
    const path = join(directory, logFileName)
    const bytes = readFileSync(path)
    bytes.fill(0x5a, from, to)
    writeFileSync(path, bytes)
  }

  it('is recovered but for the places that cannot be read, which are counted', async () => {
    new LogFile(directory).rows(100).finish().close()
    const { size } = statSync(join(directory, logFileName))
    damage(size - 3000, size - 2900)
    const { losses, rows } = await syncRun(target())
    expect(losses).toMatchObject({ places: 1, namelessValues: 0 })
    expect(losses.bytes).toBeGreaterThanOrEqual(100)
    expect(losses.bytes).toBeLessThan(250)
    expect(rows).toBe(server.steps.length)
    expect(rows).toBeGreaterThanOrEqual(96)
    expect(server.steps.at(-1)).toBe(99)
  })

  it('is recovered up to where it was cut, and ends as crashed', async () => {
    new LogFile(directory, { process: gone }).rows(10).close()
    const path = join(directory, logFileName)
    writeFileSync(path, readFileSync(path).subarray(0, -20))
    expect(await syncRun(target())).toMatchObject({ rows: 9, losses: { places: 1, bytes: 28 } })
    expect(server.updates).toEqual(['finish'])
  })

  it('of a beginning that cannot be read is brought to the project that is named', async () => {
    new LogFile(directory).rows(10).finish().close()
    damage(0, 32)
    expect(findRuns(root)).toMatchObject([{ id: 'abc', project: null, state: 'unsynced' }])
    await expect(syncRun(target())).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringMatching(/name the project/),
    })
    expect(await syncRun({ ...target(), project: 'q' })).toMatchObject({ rows: 10, losses: { places: 1 } })
    expect(server.creates).toMatchObject([{ project: 'q', run: 'abc' }])
  })

  it('of lost names tells how many values are nameless, and keeps the rest', async () => {
    const log = new LogFile(directory)
    const before = log.flush() && statSync(log.path).size
    log.rows(5).finish().close()
    damage(before + 8, before + 16)
    expect((await syncRun(target())).losses).toMatchObject({ places: 1, namelessValues: 5 })
    expect(server.ackSeq).toBe(6)
  })
})

describe('runs on this disk', () => {
  it('are found from the workspace, its parent, a run and its log', () => {
    new LogFile(directory, { url: 'http://x', create: { displayName: 'name' } }).rows(1).finish().close()
    mkdirSync(join(root, 'runs', 'empty'))
    const [found] = findRuns(root)
    expect(found).toMatchObject({
      directory,
      id: 'r',
      project: 'p',
      displayName: 'name',
      mode: 'online',
      url: 'http://x',
    })
    expect(findRuns(join(root, 'runs'))).toEqual([found])
    expect(findRuns(directory)).toEqual([found])
    expect(findRuns(join(directory, logFileName))).toEqual([found])
    expect(findRuns(join(root, 'nowhere'))).toEqual([])
  })

  it('of another machine count as live while they change', () => {
    const log = new LogFile(directory, { process: { pid: 1, start: null, hostname: 'another-machine' } }).rows(1)
    log.close()
    expect(findRuns(root)).toMatchObject([{ state: 'live' }])
    const longAgo = Date.now() / 1000 - 3600
    utimesSync(log.path, longAgo, longAgo)
    expect(findRuns(root)).toMatchObject([{ state: 'unsynced' }])
  })

  it('of a process whose id another one has now are not live', () => {
    new LogFile(directory, { process: { ...markProcess(process.pid), start: 'another boot' } }).rows(1).close()
    expect(findRuns(root)).toMatchObject([{ state: 'unsynced' }])
  })
})
