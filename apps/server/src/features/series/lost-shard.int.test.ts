import { encodeHistoryBatch } from '@kiroku/core/history'
import { clusterName, startCluster } from '@kiroku/metric-store/testing'
import { expect, it } from 'vitest'
import { batchOf, client, fetchSeries, postBytes, testRun, testServer, until } from '../../testing/index.ts'

const runCount = 12

it('a chart says which shards do not answer, and only their runs wait', { timeout: 120_000 }, async () => {
  await using cluster = await startCluster()
  const [, lost] = cluster.shards
  await using server = await testServer({
    clickhouseUrl: cluster.shards[0]?.url,
    clickhouseCluster: clusterName,
    logLevel: 'silent',
  })
  const runs = await Promise.all(Array.from({ length: runCount }, () => testRun(server)))
  const rows = [0, 1, 2].map((step) => ({ step, values: { loss: step } }))
  const send = (firstSeq: number): Promise<number[]> =>
    Promise.all(
      runs.map(async (run) => (await postBytes(server, encodeHistoryBatch(batchOf(run, { firstSeq, rows })))).status),
    )
  const chart = () => {
    const series = runs.map(({ run }) => ({ run, metric: 'loss' }))
    return fetchSeries(server, { organization: server.organization, project: 'demo', series, width: 100 })
  }
  expect(await send(1)).toEqual(runs.map(() => 200))
  const whole = await chart()
  expect(whole.partial).toBeUndefined()
  expect(whole.series.map(({ count }) => count)).toEqual(runs.map(() => 3))

  await lost?.kill()
  const cut = await chart()
  expect(cut.partial).toEqual({
    missingShards: [2],
    message: expect.stringContaining('shard 2 of the metric store does not answer'),
  })
  expect(new Set(cut.series.map(({ count }) => count))).toEqual(new Set([0, 3]))
  // All of them in one moment, which are stored together: those of the shard that is there are not held up.
  expect(await send(4)).toEqual(cut.series.map(({ count }) => (count === 0 ? 503 : 200)))
  // What is not about points goes on.
  expect(
    (await client(server).runs.list.query({ organization: server.organization, project: 'demo' })).runs,
  ).toHaveLength(runCount)

  await lost?.restart()
  await until(async () => expect(await send(4)).toEqual(runs.map(() => 200)), 60_000)
  const back = await chart()
  expect(back.partial).toBeUndefined()
  expect(back.series.map(({ count }) => count)).toEqual(runs.map(() => 3))
})
