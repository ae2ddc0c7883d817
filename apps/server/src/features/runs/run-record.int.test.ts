import { decodePoints } from '@kiroku/core/points'
import type { RunRecord } from '@kiroku/core/run-record'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attachFile,
  batchOf,
  client,
  postBatch,
  type TestRun,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
  uploadBlob,
} from '../../testing/index.ts'

let server: TestServer
let caller: Awaited<ReturnType<typeof testOrganization>>
beforeAll(async () => {
  server = await testServer()
  caller = await testOrganization(server)
})
afterAll(() => server.close())

const addressOf = ({ organization, project, run }: TestRun) => ({ organization, project, run })
const recordOf = (run: TestRun): Promise<RunRecord> => client(caller).runs.record.query(addressOf(run))

const finish = { type: 'finish', state: 'failed', exitCode: 7, time: 1_700_000_060_123 } as const

/** A run that was resumed, with a summary that was set by hand. */
async function richRun(): Promise<TestRun> {
  const first = await testRun(caller, {
    startedAt: 1_700_000_000_123,
    displayName: 'réc',
    tags: ['b', 'a'],
    config: { lr: { $n: 'NaN' } },
    definitions: [{ name: 'val/*', stepMetric: 'epoch', summary: ['min'] }],
  })
  const rows = [{ step: 4, values: { loss: 1, 'val/a': 2 } }]
  const summary = { type: 'summary' as const, set: { loss: 'by hand' }, unset: [] }
  await postBatch(caller, batchOf(first, { rows, updates: [summary, { ...finish, state: 'crashed' }] }))
  const second = await testRun(caller, { run: first.run, resume: 'must', startedAt: 1_700_000_090_000, label: 'two' })
  await postBatch(caller, batchOf(second, { updates: [finish] }))
  return second
}

describe("a run's record", () => {
  it('has all that is known of the run and of those that wrote to it', async () => {
    const record = await recordOf(await richRun())
    expect(record).toMatchObject({
      displayName: 'réc',
      tags: ['b', 'a'],
      state: 'failed',
      exitCode: 7,
      startedAt: 1_700_000_000_123,
      finishedAt: 1_700_000_060_123,
      config: { lr: { $n: 'NaN' } },
      summary: { loss: 'by hand', 'val/a': { min: 2 } },
      explicitSummary: ['loss'],
      lastStep: 4,
      isShared: false,
      definitions: [{ name: 'val/*', stepMetric: 'epoch', summary: ['min'] }],
      writers: [
        { label: null, finishState: 'crashed', startingStep: 0, isResumed: false, runtimeBeforeMs: 0 },
        { label: 'two', finishState: 'failed', startingStep: 5, isResumed: true, runtimeBeforeMs: 60_000 },
      ],
    })
  })

  it('is not to be had of a run that is not there, nor with an address that is none', async () => {
    const run = await testRun(caller)
    const api = client(caller)
    await expect(api.runs.record.query({ ...addressOf(run), run: 'none' })).rejects.toThrow('there is no run none')
    await expect(api.runs.record.query({ ...addressOf(run), run: 'a/b' })).rejects.toThrow('run')
    const stranger = await testOrganization(server)
    await expect(client(stranger).runs.record.query(addressOf(run))).rejects.toThrow('there is no organization')
    await api.runs.delete.mutate(addressOf(run))
    await expect(recordOf(run)).rejects.toThrow('there is no run')
  })
})

describe('an import', () => {
  it('makes a run what its record says, whatever its own stream made of it', async () => {
    const record = await recordOf(await richRun())
    const writers = ['0'.repeat(16), '1'.repeat(16)]
    const copy = await testRun(caller, { writer: writers[0], definitions: [{ name: 'extra' }] })
    await testRun(caller, { run: copy.run, writer: writers[1] })
    const rows = [{ step: 9, values: { loss: 5 } }]
    const imported = { type: 'imported', run: { ...record, slug: copy.run }, writers } as const
    expect(await postBatch(caller, batchOf(copy, { rows, updates: [imported] }))).toMatchObject({ rejected: [] })
    expect(await recordOf(copy)).toEqual({ ...record, slug: copy.run })
    const run = await client(caller).runs.byId.query(addressOf(copy))
    expect(run).toMatchObject({ state: 'failed', heartbeatAt: record.heartbeatAt, liveWriters: 0 })
  })

  it('is refused for a run that others write to as well, and with too few writers; the rest of the batch is stored', async () => {
    const record = await recordOf(await richRun())
    const other = await testRun(caller, { displayName: 'mine' })
    const second = await testRun(caller, { run: other.run })
    const refused = async (writers: string[], firstSeq: number): Promise<unknown> => {
      const imported = { type: 'imported', run: record, writers } as const
      const rows = [{ step: firstSeq, values: { loss: 1 } }]
      return (await postBatch(caller, batchOf(other, { firstSeq, rows, updates: [imported] }))).rejected
    }
    expect(await refused([other.writer], 1)).toMatchObject([
      { metric: 'imported', reason: expect.stringContaining('1 writer ids') },
    ])
    expect(await refused([other.writer, 'x'.repeat(16)], 3)).toMatchObject([
      { metric: 'imported', reason: expect.stringContaining('other writers than those that were imported') },
    ])
    expect(second.run).toBe(other.run)
    expect(await recordOf(other)).toMatchObject({ displayName: 'mine', state: 'running', lastStep: 3 })
  })

  it('keeps when a file was there', async () => {
    const run = await testRun(caller)
    const blob = await uploadBlob(caller, 'old')
    const file = { type: 'file', path: 'old', mime: 'text/plain', createdAt: 1_234_567_890_123, ...blob } as const
    await postBatch(caller, batchOf(run, { updates: [file] }))
    await attachFile(caller, run, { path: 'new', content: 'new', firstSeq: 2 })
    const [newer, older] = await client(caller).files.list.query(addressOf(run))
    expect(older).toMatchObject({ path: 'old', createdAt: 1_234_567_890_123 })
    expect(newer?.createdAt).toBeGreaterThan(Date.now() - 60_000)
  })
})

describe('points', () => {
  it('come a page at a time', async () => {
    const run = await testRun(caller)
    await postBatch(caller, batchOf(run, { rows: [1, 2, 3].map((step) => ({ step, values: { loss: step } })) }))
    const ask = async (query: Record<string, string>): Promise<Response> => {
      const search = new URLSearchParams({ ...addressOf(run), metric: 'loss', ...query })
      return fetch(`${caller.url}/api/points?${search}`, { headers: { authorization: `Bearer ${caller.apiKey}` } })
    }
    const stepsOf = async (query: Record<string, string>): Promise<number[]> => [
      ...decodePoints(new Uint8Array(await (await ask(query)).arrayBuffer())).steps,
    ]
    expect(await stepsOf({ limit: '2' })).toEqual([1, 2])
    expect(await stepsOf({ limit: '2', after: '2' })).toEqual([3])
    expect(await stepsOf({ after: '-5' })).toEqual([1, 2, 3])
    for (const [name, value] of [
      ['limit', '0'],
      ['limit', '1000001'],
      ['limit', ''],
      ['after', 'x'],
      ['after', '0.5'],
    ] as const)
      expect((await ask({ [name]: value })).status).toBe(400)
  })
})
