import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type MetricStore, openMetricStore } from '../src/index.ts'
import { canStartClickhouse } from '../src/testing/clickhouse.ts'
import { chartOf, clusterName, engines, nextVersion, sharedStore, startClickhouse, startCluster } from './stores.ts'

/** Logs one point a step, whose value is its step. */
async function log(store: MetricStore, key: { project: string; run: string }, from: number, to: number): Promise<void> {
  const steps = Float64Array.from({ length: to - from }, (_, index) => from + index)
  const metrics = [{ name: 'loss', rows: null, values: steps }]
  await store.insert([{ ...key, stream: 'history', version: nextVersion(), steps, times: steps, metrics }], [])
}

async function best(store: MetricStore, { project, run }: { project: string; run: string }) {
  const measures = (['min', 'max'] as const).map((goal) => ({ kind: 'best' as const, metric: 'loss', goal }))
  const [measured = []] = await store.measures({ project, runs: [run], measures })
  return measured.map((found) => found?.value)
}

/** Opens two stores over the same tables, as two servers do. */
const shared = [
  {
    kind: 'one server',
    async open() {
      const server = await startClickhouse()
      return { url: server.url, cluster: undefined, close: () => server[Symbol.asyncDispose]() }
    },
  },
  {
    kind: 'a cluster',
    async open() {
      const cluster = await startCluster()
      const url = cluster.shards[0]?.url ?? ''
      return { url, cluster: clusterName, close: () => cluster[Symbol.asyncDispose]() }
    },
  },
]

test.skipIf(!canStartClickhouse()).each(shared)(
  'rollups that two processes fill in turn, on $kind',
  async ({ open }) => {
    const { url, cluster, close } = await open()
    const options = { kind: 'server', url, cluster, rollupLagMs: 0 } as const
    const stores = [await openMetricStore(options), await openMetricStore(options)]
    const key = { project: randomUUID(), run: randomUUID() }
    const turns = [0, 1, 0, 0, 1, 1, 0, 1]
    let logged = 0
    for (const turn of turns) {
      const store = stores[turn]
      if (!store) throw new Error('no store')
      await log(store, key, logged, logged + 300)
      logged += 300
      await store.roll()
      expect((await store.checkRollups()).wrong).toEqual([])
      expect(await best(store, key)).toEqual([0, logged - 1])
    }
    for (const store of stores) await store.close()
    await close()
  },
)

describe.each(engines)('on the $kind engine', ({ open, isMissing }) => {
  const storeOf = sharedStore({ open, isMissing })
  test.skipIf(isMissing).each([
    ['few', 10],
    ['many', 3000],
  ])(
    'a series of %s points that got one before its first is gone on with after what was known is forgotten',
    async (_, count) => {
      const store = storeOf()
      const key = { project: randomUUID(), run: randomUUID() }
      const other = { project: key.project, run: randomUUID() }
      await log(store, key, 100, 100 + count)
      await log(store, other, 0, 1)
      await store.roll()
      await log(store, key, 0, 100)
      await store.roll()
      // As at a start, the rollups know of no series any more but what is stored.
      await store.deleteRun(other)
      await log(store, key, 100 + count, 110 + count)
      await store.roll()
      expect((await store.checkRollups()).wrong.filter((wrong) => wrong.includes(key.run))).toEqual([])
      expect(await best(store, key)).toEqual([0, 109 + count])
      const asked = { run: key.run, metric: 'loss', stream: 'history', x: { kind: 'step' }, segments: [] } as const
      const [series] = (await chartOf(store, { project: key.project, width: 4, series: [asked] })).series
      expect(series?.count).toBe(110 + count)
    },
  )

  test.skipIf(isMissing)('groups have the points of rollups that know a small part of a series', async () => {
    const store = storeOf()
    const key = { project: randomUUID(), run: randomUUID() }
    await log(store, key, 0, 200)
    await store.roll()
    await log(store, key, 200, 5200)
    const { project, run } = key
    const groups = [{ runs: [{ run, x: { kind: 'step' } as const, segments: [] }] }]
    const answer = await store.groups({ project, metric: 'loss', stream: 'history', groups, buckets: 1 })
    const [columns] = answer.groups.map((group) => group.columns)
    expect({ count: columns?.count[0], min: columns?.min[0], mean: columns?.mean[0] }).toEqual({
      count: 5200,
      min: 0,
      mean: 5199 / 2,
    })
  })
})
