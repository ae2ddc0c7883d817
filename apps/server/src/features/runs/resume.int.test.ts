import { newRunSlug, newWriterId } from '@kiroku/core/ids'
import { readTotals } from '@kiroku/core/summary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  batchOf,
  type Caller,
  client,
  fetchSeries,
  postBatch,
  type TestRun,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
} from '../../testing/index.ts'

let server: TestServer
let caller: Caller & { organization: string }

beforeAll(async () => {
  server = await testServer()
  caller = await testOrganization(server)
})
afterAll(() => server.close())

const address = (run: TestRun) => ({ organization: run.organization, project: run.project, run: run.run })
const byId = (run: TestRun) => client(caller).runs.byId.query(address(run))
const rows = (from: number, to: number, time = 0) =>
  Array.from({ length: to - from }, (_, index) => ({
    step: from + index,
    time: time + (from + index) * 10,
    values: { loss: from + index },
  }))
const finish = (time = 0, state: 'finished' | 'failed' = 'finished') => ({
  type: 'finish' as const,
  state,
  exitCode: state === 'finished' ? 0 : 1,
  time,
})
const failsWith = (code: string, message = '') =>
  expect.objectContaining({
    message: expect.stringContaining(message),
    data: expect.objectContaining({ error: expect.objectContaining({ code }) }),
  })

/** A run that logged steps 0 to 15 and ended. */
async function endedRun(input: Parameters<typeof testRun>[1] = {}): Promise<TestRun> {
  const run = await testRun(caller, { startedAt: 1000, ...input })
  await postBatch(caller, batchOf(run, { rows: rows(0, 16), updates: [finish(6000)] }))
  return run
}

describe('4.5 resume', () => {
  it('of an unknown run makes it for allow, never and no word, and refuses it for must', async () => {
    for (const resume of ['allow', 'never', undefined] as const) {
      const run = await testRun(caller, { ...(resume && { resume }) })
      expect(run).toMatchObject({ startingStep: 0, runtimeBeforeMs: 0, isResumed: false, resumed: null })
    }
    const unknown = newRunSlug()
    await expect(testRun(caller, { run: unknown, resume: 'must' })).rejects.toEqual(
      failsWith('NOT_FOUND', `no run ${unknown} in the project demo to resume`),
    )
    await expect(client(caller).runs.byId.query({ ...caller, project: 'demo', run: unknown })).rejects.toEqual(
      failsWith('NOT_FOUND'),
    )
  })

  it('that must be, in an unknown project, makes neither', async () => {
    const project = 'never made'
    for (const input of [{ resume: 'must' as const }, { rewind: { step: 1 } }, { fork: { run: 'other', step: 1 } }])
      await expect(testRun(caller, { project, ...input })).rejects.toEqual(
        failsWith('NOT_FOUND', 'no project never made'),
      )
    const projects = await client(caller).projects.list.query({})
    expect(projects.map(({ name }) => name)).not.toContain(project)
  })

  it('of a known run goes on after its last step, with all that it holds, for allow and must', async () => {
    for (const resume of ['allow', 'must'] as const) {
      const run = await endedRun({
        config: { lr: 1, opt: { name: 'sgd' } },
        tags: ['old'],
        notes: 'kept',
        displayName: 'first',
        definitions: [{ name: 'loss', summary: ['min', 'max'] }],
      })
      const resumed = await testRun(caller, {
        run: run.run,
        resume,
        startedAt: 20_000,
        config: { lr: 2 },
        tags: ['new'],
      })
      expect(resumed).toMatchObject({
        displayName: 'first',
        startingStep: 16,
        runtimeBeforeMs: 5000,
        isResumed: true,
        resumed: {
          labels: { displayName: 'first', tags: ['new'], notes: 'kept' },
          config: { lr: 2, opt: { name: 'sgd' } },
          summary: { loss: { min: 0, max: 15 } },
          definitions: [{ name: 'loss', summary: ['min', 'max'] }],
        },
      })
      const totals = resumed.resumed?.totals['loss']
      expect(totals && readTotals(totals)).toMatchObject({ count: 16, min: 0, max: 15, lastStep: 15, sum: 120 })
      expect((await byId(run)).state).toBe('running')
    }
  })

  it('of a run that logged nothing begins at step 0', async () => {
    const run = await testRun(caller)
    expect(await testRun(caller, { run: run.run, resume: 'must' })).toMatchObject({ startingStep: 0, isResumed: true })
  })

  it('that must not be refuses a known run', async () => {
    const run = await endedRun()
    await expect(testRun(caller, { run: run.run, resume: 'never' })).rejects.toEqual(failsWith('CONFLICT', run.run))
    expect((await byId(run)).state).toBe('finished')
  })

  it('not asked for joins a known run at step 0, where what is logged again stands', async () => {
    const run = await endedRun()
    const joined = await testRun(caller, { run: run.run })
    expect(joined).toMatchObject({ startingStep: 0, isResumed: false, resumed: null, otherWriters: 0 })
    await postBatch(caller, batchOf(joined, { rows: [{ step: 3, values: { loss: 100 } }] }))
    const { metrics } = await client(caller).metrics.byRun.query(address(run))
    expect(metrics).toMatchObject([{ name: 'loss', count: 16, max: 100, lastStep: 15 }])
    expect((await byId(run)).summary).toEqual({ loss: 15 })
  })

  it('asked for again by the same writer answers the same and changes nothing', async () => {
    const run = await endedRun()
    const input = { run: run.run, writer: newWriterId(), resume: 'must' as const, startedAt: 20_000, config: { a: 1 } }
    const resumed = await testRun(caller, input)
    await postBatch(caller, batchOf(resumed, { rows: rows(16, 20) }))
    for (const resume of ['must', 'never'] as const) {
      const again = await testRun(caller, { ...input, resume, config: { a: 2 } })
      const { startingStep, runtimeBeforeMs, isResumed } = resumed
      expect(again).toMatchObject({ startingStep, runtimeBeforeMs, isResumed, ackSeq: 4 })
      expect(again.resumed?.config).toEqual({ a: 1 })
    }
  })

  it('of a deleted run is refused, whatever is asked for', async () => {
    const run = await endedRun()
    await client(caller).runs.delete.mutate(address(run))
    for (const input of [{ resume: 'allow' as const }, { resume: 'must' as const }, { rewind: { step: 1 } }])
      await expect(testRun(caller, { run: run.run, ...input })).rejects.toEqual(failsWith('CONFLICT', 'deleted'))
    await expect(testRun(caller, { fork: { run: run.run, step: 1 } })).rejects.toEqual(failsWith('NOT_FOUND'))
  })

  it('is one of resume, rewind and fork', async () => {
    const run = await endedRun()
    const rewind = { step: 1 }
    const fork = { run: run.run, step: 1 }
    await expect(testRun(caller, { run: run.run, resume: 'allow', rewind })).rejects.toEqual(
      failsWith('BAD_REQUEST', 'resume and rewind'),
    )
    await expect(testRun(caller, { rewind, fork })).rejects.toEqual(failsWith('BAD_REQUEST', 'rewind and fork'))
  })

  it('goes on up to the highest step, and is refused where there is none left', async () => {
    const last = Number.MAX_SAFE_INTEGER
    const run = await testRun(caller)
    await postBatch(caller, batchOf(run, { rows: [{ step: last - 1, time: 1, values: { loss: 1 } }] }))
    const again = await testRun(caller, { run: run.run, resume: 'must' })
    expect(again.startingStep).toBe(last)
    await postBatch(caller, batchOf(again, { rows: [{ step: last, time: 2, values: { loss: 2 } }] }))
    await expect(testRun(caller, { run: run.run, resume: 'must' })).rejects.toEqual(
      failsWith('CONFLICT', 'no step to go on at'),
    )
    for (const input of [{ rewind: { step: last } }, { fork: { run: run.run, step: last } }])
      await expect(testRun(caller, input)).rejects.toEqual(failsWith('BAD_REQUEST', 'below 2^53 - 1'))
    expect((await testRun(caller, { fork: { run: run.run, step: last - 1 } })).startingStep).toBe(last)
  })

  it('tells how many other scripts are writing', async () => {
    const first = await testRun(caller)
    expect(first.otherWriters).toBe(0)
    const second = await testRun(caller, { run: first.run, resume: 'allow' })
    expect(second.otherWriters).toBe(1)
    expect(await postBatch(caller, batchOf(first, { rows: rows(0, 1) }))).toMatchObject({ otherWriters: 1 })
    expect((await byId(first)).liveWriters).toBe(2)
    await postBatch(caller, batchOf(first, { firstSeq: 2, updates: [finish()] }))
    expect(await postBatch(caller, batchOf(second, { rows: rows(1, 2) }))).toMatchObject({ otherWriters: 0 })
  })

  it('leaves no gap in relative time and counts no pause as runtime', async () => {
    const run = await testRun(caller, { startedAt: 10_000 })
    await postBatch(caller, batchOf(run, { rows: rows(0, 3, 10_000), updates: [finish(10_030)] }))
    const resumed = await testRun(caller, { run: run.run, resume: 'must', startedAt: 90_000 })
    const systemRows = [{ step: 90_005, time: 90_005, values: { cpu: 1 } }]
    const late = rows(3, 5, 90_000).map((row) => ({ ...row, time: row.time - 30 }))
    await postBatch(caller, batchOf(resumed, { rows: late, systemRows, updates: [finish(90_020)] }))
    expect(await byId(run)).toMatchObject({ runtimeMs: 50, startedAt: 10_000 })
    const series = [
      { run: run.run, metric: 'loss' },
      { run: run.run, metric: 'cpu', stream: 'system' as const },
    ]
    const answer = await fetchSeries(caller, { ...run, series, x: { kind: 'relative' }, width: 100 })
    expect(answer.series.map((one) => one.form === 'points' && [...one.columns.x])).toEqual([[0, 10, 20, 30, 40], [35]])
  })
})
