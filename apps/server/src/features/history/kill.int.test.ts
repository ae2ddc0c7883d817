import { batchAckSchema, encodeHistoryBatch, type HistoryBatch } from '@kiroku/core/history'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  batchOf,
  type Caller,
  client,
  postBytes,
  readPoints,
  type SpawnedServer,
  spawnServer,
  testRun,
  until,
} from '../../testing/index.ts'

const rowsOf = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ step: from + index, values: { loss: Math.sqrt(from + index) } }))

/** Sends until the server acknowledges, as a sidecar does when the server goes away. */
const sendUntilAcknowledged = (caller: Caller, batch: HistoryBatch): Promise<number> =>
  until(async () => {
    const response = await postBytes(caller, encodeHistoryBatch(batch))
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
    return batchAckSchema.parse(await response.json()).ackSeq
  }, 50_000)

describe('kill -9 of the server', () => {
  let server: SpawnedServer
  beforeAll(async () => {
    server = await spawnServer({ holdAfterInsert: true })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it('between the store and the acknowledgement leaves every point and total there once', async () => {
    const run = await testRun(server)
    const batch = batchOf(run, { rows: rowsOf(0, 1000) })
    const lost = postBytes(server, encodeHistoryBatch(batch)).then(
      () => 'answered',
      () => 'cut off',
    )
    await server.inserted()
    await server.kill()
    expect(await lost).toBe('cut off')
    await server.restart()
    const address = { organization: run.organization, project: run.project, run: run.run }
    expect((await client(server).metrics.byRun.query(address)).metrics).toEqual([])
    expect(await sendUntilAcknowledged(server, batch)).toBe(1000)
    const { values } = await readPoints(server, { ...address, metric: 'loss' })
    expect([...values]).toEqual(rowsOf(0, 1000).map((row) => row.values.loss))
    const { metrics } = await client(server).metrics.byRun.query(address)
    expect(metrics).toMatchObject([{ name: 'loss', count: 1000 }])
  })

  it('in the middle of a stream loses and doubles nothing, as long as the client sends again', async () => {
    await server.restart()
    const run = await testRun(server)
    const length = 60
    const batches = 60
    let acknowledged = 0
    const sending = (async () => {
      for (let index = 0; index < batches; index++) {
        const from = index * length
        const batch = batchOf(run, { firstSeq: from + 1, rows: rowsOf(from, from + length) })
        acknowledged = await sendUntilAcknowledged(server, batch)
      }
    })()
    for (const goal of [10, 30]) {
      await until(() => expect(acknowledged).toBeGreaterThan(goal * length))
      await server.kill()
      await server.restart()
    }
    await sending
    const address = { organization: run.organization, project: run.project, run: run.run }
    const { values, steps } = await readPoints(server, { ...address, metric: 'loss' })
    expect(steps.length).toBe(batches * length)
    expect([...values]).toEqual(rowsOf(0, batches * length).map((row) => row.values.loss))
    const { metrics } = await client(server).metrics.byRun.query(address)
    expect(metrics).toMatchObject([{ count: batches * length, lastStep: batches * length - 1 }])
    expect(await client(server).runs.byId.query(address)).toMatchObject({ state: 'running' })
  })
})
