import { describe, expect, it } from 'vitest'
import {
  batchOf,
  client,
  fetchSeries,
  postBatch,
  readPoints,
  testOrganization,
  testRun,
  testServer,
} from '../../testing/index.ts'

describe('history', () => {
  it('walks from a batch to a series', async () => {
    await using server = await testServer({ logLevel: 'debug' })
    const caller = await testOrganization(server)
    const run = await testRun(caller, { config: { lr: 0.1 }, definitions: [{ name: 'loss', stepMetric: 'batch' }] })
    expect(run.displayName).toMatch(/^[a-z]+-[a-z]+-1$/)
    const rows = [0, 1, 2].map((step) => ({
      step,
      values: { loss: [1, Number.NaN, Number.NEGATIVE_INFINITY][step] ?? 0, batch: step * 10 },
    }))
    const ack = await postBatch(caller, batchOf(run, { rows }))
    expect(ack).toEqual({ ackSeq: 3, nextBatchMs: 200, rejected: [] })
    const answer = await fetchSeries(caller, { ...run, series: [{ run: run.run, metric: 'loss' }], width: 100 })
    expect(answer.series[0]).toMatchObject({ x: { kind: 'metric', name: 'batch' }, count: 3 })
    const points = await readPoints(caller, {
      organization: run.organization,
      project: run.project,
      run: run.run,
      metric: 'loss',
    })
    expect([...points.values]).toEqual([1, Number.NaN, Number.NEGATIVE_INFINITY])
    const found = await client(caller).runs.byId.query({ ...run, organization: run.organization })
    expect(found).toMatchObject({ summary: { loss: { $n: '-Infinity' }, batch: 20 }, state: 'running', lastStep: 2 })
    console.log(JSON.stringify(found, null, 1))
  })
})
