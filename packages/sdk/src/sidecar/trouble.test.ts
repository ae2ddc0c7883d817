import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LogFile } from '../../test/log-file.ts'
import { ScriptedServer } from '../../test/scripted-server.ts'
import { uploaderOf } from '../../test/upload.ts'

let directory: string
let server: ScriptedServer
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kiroku-trouble-'))
  server = new ScriptedServer()
  await server.listen()
})
afterEach(() => {
  server.close()
  rmSync(directory, { recursive: true, force: true })
})
const place = (): { directory: string; url: string } => ({ directory, url: server.url })
const soon = { firstMs: 1, longestMs: 20 }

describe('7.4 a batch with something that the server does not take', () => {
  it.each([400, 413, 422])('goes without the one record that gets %i, which is told', async (status) => {
    new LogFile(directory).rows(40).finish().close()
    server.refuse = (_, { history }) =>
      history.steps.includes(23) ? { status, body: { message: 'no 23' } } : undefined
    const { uploader, reports } = uploaderOf(place())
    await uploader.run()
    expect(server.steps).toEqual([...Array(40).keys()].filter((step) => step !== 23))
    expect([server.ackSeq, server.updates]).toEqual([41, ['finish']])
    const rejected = reports.filter(({ type }) => type === 'rejected')
    expect(rejected).toEqual([{ type: 'rejected', id: 7, metric: 'the row of step 23', reason: `${status}: no 23` }])
  })

  it('numbers all records, so that whoever reads the log again goes on after it', async () => {
    new LogFile(directory)
      .rows(3)
      .update({ type: 'config', set: { a: 1 } })
      .rows(3, 3)
      .print('x\n')
      .finish()
      .close()
    server.refuse = (_, { updates }) =>
      updates.some(({ type }) => type === 'config') ? { status: 422, body: {} } : undefined
    const { uploader, reports } = uploaderOf(place())
    await uploader.run()
    expect([server.ackSeq, server.steps, server.updates]).toEqual([9, [0, 1, 2, 3, 4, 5], ['finish']])
    expect(server.taken.flatMap(({ console: lines }) => lines.map(({ text }) => text))).toEqual(['x'])
    expect(reports).toContainEqual({ type: 'rejected', id: 7, metric: 'a config update', reason: '422' })
  })
})

describe('7.4 a proxy that takes short batches only', () => {
  it('gets all in parts, and short ones from then on', async () => {
    const log = new LogFile(directory)
    const text = 'x'.repeat(100_000)
    for (let name = 0; name < 100; name++) log.row(name).update({ type: 'config', set: { [`a${name}`]: text } })
    log.finish().close()
    let refusals = 0
    server.refuse = (_, { updates }) => {
      if (JSON.stringify(updates).length < 1_000_000) return undefined
      refusals++
      return { status: 413, body: { message: 'too large' } }
    }
    const { uploader, reports } = uploaderOf(place())
    await uploader.run()
    expect(server.steps).toEqual([...Array(100).keys()])
    expect(server.updates).toHaveLength(101)
    expect(reports.filter(({ type }) => type === 'rejected')).toEqual([])
    expect(refusals).toBeLessThanOrEqual(14)
  })
})

describe('7.4 a server that refuses a run (defect 16)', () => {
  it.each([
    ['a key that is no more', 401],
    ['a closed project', 403],
    ['a proxy that knows no such page', 404],
    ['a deleted run', 409],
  ])('%s is told once and asked again until it takes the run', async (_name, status) => {
    new LogFile(directory).rows(5).finish().close()
    let tries = 0
    server.refuseCreate = () => (++tries <= 3 ? { status, body: { message: 'no' } } : undefined)
    const { uploader, reports } = uploaderOf(place(), { refusedWait: soon })
    await uploader.run()
    expect(reports.map(({ type }) => type)).toEqual(['refused', 'created', 'connected', 'acknowledged', 'done'])
    expect(reports[0]).toMatchObject({ why: `${status}: no`, isFinal: false })
    expect(server.steps).toEqual([0, 1, 2, 3, 4])
  })

  it('gets the key that is on file by then', async () => {
    new LogFile(directory).rows(5).finish().close()
    server.key = 'renewed'
    const files = [null, 'stale', 'renewed']
    const { uploader, reports } = uploaderOf(place(), {
      refusedWait: soon,
      freshKey: () => (files.length > 1 ? (files.shift() ?? null) : (files[0] ?? null)),
    })
    await uploader.run()
    expect(server.steps).toEqual([0, 1, 2, 3, 4])
    expect(server.keys.slice(0, 3)).toEqual(['key', 'key', 'stale'])
    expect(reports.filter(({ type }) => type === 'refused')).toHaveLength(1)
    expect(reports[0]).toMatchObject({ type: 'refused', code: 'UNAUTHORIZED' })
  })

  it('in mid-run, gets what it lacks afterwards, once', async () => {
    new LogFile(directory).rows(5).finish().close()
    let tries = 0
    server.refuse = () => (++tries <= 2 ? { status: 403, body: { message: 'no' } } : undefined)
    const { uploader, reports } = uploaderOf(place(), { refusedWait: soon })
    await uploader.run()
    expect(reports.filter(({ type }) => type === 'refused')).toHaveLength(1)
    expect(reports.filter(({ type }) => type === 'connected')).toHaveLength(1)
    expect(server.steps).toEqual([0, 1, 2, 3, 4])
  })

  it('that forgets the run again and again is one that refuses it', async () => {
    new LogFile(directory).rows(5).finish().close()
    server.refuse = () => ({ status: 404, body: { message: 'no such page' } })
    await expect(uploaderOf(place()).uploader.run()).rejects.toThrow('404: no such page')
  })

  it('is not asked again once the script is gone, but one last time', async () => {
    new LogFile(directory).rows(5).close()
    let [isOrphan, tries] = [false, 0]
    server.refuseCreate = () => (++tries > 0 ? { status: 401, body: { message: 'no' } } : undefined)
    const { uploader, wakeable, reports } = uploaderOf(place(), {
      refusedWait: { firstMs: 1e6, longestMs: 1e6 },
      isOrphan: () => isOrphan,
      report: (report) => {
        reports.push(report)
        isOrphan = true
        setImmediate(() => wakeable.wake())
      },
    })
    await expect(uploader.run()).rejects.toThrow('401: no')
    expect(tries).toBe(2)
    expect(existsSync(join(directory, 'synced'))).toBe(false)
  })

  it.each(['NOT_FOUND', 'CONFLICT'])('to resume it (%s) is asked no more, and the run is marked', async (code) => {
    new LogFile(directory, { create: { resume: 'must' } }).rows(5).finish().close()
    const error = { code, message: 'the run is not known' }
    server.refuseCreate = () => ({ status: 404, body: { error: { message: error.message, data: { error } } } })
    const { uploader } = uploaderOf(place(), { refusedWait: soon })
    await expect(uploader.run()).rejects.toMatchObject({ isFinal: true, code })
    expect(existsSync(join(directory, 'refused'))).toBe(true)
  })
})

describe('7.4 a server that is busy', () => {
  it.each([408, 425, 429, 500, 502, 503, 504])('is asked again after %i', async (status) => {
    new LogFile(directory).rows(2).finish().close()
    let tries = 0
    server.refuse = () => (++tries < 2 ? { status, body: {} } : undefined)
    const { uploader, reports } = uploaderOf(place())
    await uploader.run()
    expect(reports.map(({ type }) => type)).toEqual(['created', 'waiting', 'connected', 'acknowledged', 'done'])
  })
})

describe('7.2 a directory that is removed in mid-run', () => {
  it('takes nothing from what the server gets', async () => {
    const log = new LogFile(directory).rows(3).flush()
    server.refuse = (firstSeq) => {
      if (firstSeq > 1) return undefined
      server.refuse = () => undefined
      rmSync(directory, { recursive: true, force: true })
      log.rows(3, 3).finish().flush()
      return { status: 409, body: { details: { ackSeq: 0 } } }
    }
    const { uploader, reports } = uploaderOf(place())
    await uploader.run()
    log.close()
    expect([server.steps, server.updates]).toEqual([[0, 1, 2, 3, 4, 5], ['finish']])
    expect(reports.at(-1)).toEqual({ type: 'done', id: 7 })
  })
})
