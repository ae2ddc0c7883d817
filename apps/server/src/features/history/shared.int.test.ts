import { encodeHistoryBatch } from '@kiroku/core/history'
import { newRunSlug } from '@kiroku/core/ids'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  batchOf,
  type Caller,
  client,
  postBatch,
  postBytes,
  readPoints,
  spawnServer,
  type TestRun,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
  until,
} from '../../testing/index.ts'

const address = (run: TestRun) => ({ organization: run.organization, project: run.project, run: run.run })
/** Rows whose steps the server is to pass over: all say step 0. */
const rows = (from: number, to: number, metric = 'loss') =>
  Array.from({ length: to - from }, (_, index) => ({ step: 0, values: { [metric]: from + index } }))
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)
const read = async (caller: Caller, run: TestRun, metric = 'loss') => {
  const { steps, values } = await readPoints(caller, { ...address(run), metric })
  return { steps: [...steps], values: [...values] }
}

describe('1.4 a shared run', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await testServer()
  })
  afterAll(() => server.close())

  it('gives each row of several writers at once its own step, in order of arrival', async () => {
    const caller = await testOrganization(server)
    const slug = newRunSlug()
    const writers = await Promise.all(
      upTo(4).map((index) => testRun(caller, { run: slug, shared: true, label: `worker-${index}` })),
    )
    const batches = 12
    await Promise.all(
      writers.map(async (run, index) => {
        for (let batch = 0; batch < batches; batch++) {
          const from = index * 1000 + batch * 5
          const sent = batchOf(run, { firstSeq: batch * 5 + 1, rows: rows(from, from + 5) })
          await Promise.all([postBatch(caller, sent), postBatch(caller, sent)])
        }
      }),
    )
    const [run] = writers
    if (!run) throw new Error('no writer')
    const { steps, values } = await read(caller, run)
    const count = 4 * batches * 5
    expect(steps).toEqual(upTo(count))
    for (const index of upTo(4)) {
      const own = values.filter((value) => Math.floor(value / 1000) === index)
      expect(own).toEqual(upTo(batches * 5).map((value) => index * 1000 + value))
    }
    const { metrics } = await client(caller).metrics.byRun.query(address(run))
    expect(metrics).toMatchObject([{ count, lastStep: count - 1 }])
    expect(await client(caller).runs.byId.query(address(run))).toMatchObject({
      isShared: true,
      liveWriters: 4,
      lastStep: count - 1,
    })
  })

  it('gives texts the step of their row, and leaves the machine to its time', async () => {
    const caller = await testOrganization(server)
    const run = await testRun(caller, { shared: true })
    const other = await testRun(caller, { run: run.run, shared: true })
    await postBatch(caller, batchOf(run, { rows: rows(0, 3) }))
    const batch = batchOf(other, { rows: rows(3, 5), systemRows: [{ step: 77, values: { cpu: 1 } }] })
    const texts = [1, 2].map((seq) => ({ seq, step: 0, time: 0, metric: 'note', value: seq }))
    await postBatch(caller, { ...batch, texts })
    expect((await client(caller).texts.byRun.query(address(run))).map(({ step, value }) => [step, value])).toEqual([
      [3, 1],
      [4, 2],
    ])
    expect((await readPoints(caller, { ...address(run), metric: 'cpu', stream: 'system' })).steps[0]).toBe(77)
  })

  it('that was not shared before goes on after its last step', async () => {
    const caller = await testOrganization(server)
    const run = await testRun(caller)
    await postBatch(caller, batchOf(run, { rows: [4, 9].map((step) => ({ step, values: { loss: step } })) }))
    const second = await testRun(caller, { run: run.run, shared: true })
    await postBatch(caller, batchOf(second, { rows: rows(100, 102) }))
    await until(async () => {
      await postBatch(caller, batchOf(run, { firstSeq: 3, rows: rows(200, 201) }))
    })
    expect(await read(caller, run)).toEqual({ steps: [4, 9, 10, 11, 12], values: [4, 9, 100, 101, 200] })
  })

  it('runs while one of its writers does, and is failed when any failed', async () => {
    const caller = await testOrganization(server)
    const first = await testRun(caller, { shared: true })
    const second = await testRun(caller, { run: first.run, shared: true })
    const finish = { type: 'finish', time: 1000 } as const
    await postBatch(caller, batchOf(first, { updates: [{ ...finish, state: 'failed', exitCode: 3 }] }))
    const state = async () => client(caller).runs.byId.query(address(first))
    expect(await state()).toMatchObject({ state: 'running', finishedAt: null, liveWriters: 1 })
    await postBatch(caller, batchOf(second, { updates: [{ ...finish, state: 'finished', exitCode: 0 }] }))
    expect(await state()).toMatchObject({ state: 'failed', exitCode: 3, liveWriters: 0 })
  })
})

describe('1.4 kill -9 of the server between the store and the acknowledgement of a shared run', () => {
  it('leaves each row at the step that it was given, also when it comes again in other batches', async () => {
    await using server = await spawnServer({ holdAfterInsert: true })
    const first = await testRun(server, { shared: true })
    const second = await testRun(server, { run: first.run, shared: true })
    const lost = postBytes(server, encodeHistoryBatch(batchOf(first, { rows: rows(0, 10) }))).catch(() => 'cut off')
    await server.inserted()
    await server.kill()
    expect(await lost).toBe('cut off')
    await server.restart()
    const send = (run: TestRun, firstSeq: number, some: ReturnType<typeof rows>) =>
      until(() => postBatch(server, batchOf(run, { firstSeq, rows: some })), 50_000)
    await send(second, 1, rows(100, 105))
    await send(first, 1, rows(0, 4))
    await send(second, 6, rows(105, 107))
    await send(first, 5, rows(4, 15))
    const { steps, values } = await read(server, first)
    expect(steps).toEqual(upTo(22))
    expect(values).toEqual([...upTo(10), 100, 101, 102, 103, 104, 105, 106, 10, 11, 12, 13, 14])
    const { metrics } = await client(server).metrics.byRun.query(address(first))
    expect(metrics).toMatchObject([{ count: 22, lastStep: 21 }])
  })
})
