import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import type { Engine } from '../src/engine/engine.ts'
import { openServerEngine } from '../src/engine/server-engine.ts'
import { shardOfRun } from '../src/engine/sharding.ts'
import { type MetricStore, openMetricStore, type RunKey } from '../src/index.ts'
import { over, testProject } from './sql-fixture.ts'
import { clusterName, engines, startCluster } from './stores.ts'

type Cluster = Awaited<ReturnType<typeof startCluster>>

const project = randomUUID()
const weights = [
  { shard: 1, weight: 1 },
  { shard: 2, weight: 1 },
]

/** A run of a shard, by the shard's number. */
function runOn(shard: number): RunKey {
  for (;;) {
    const run = randomUUID()
    if (shardOfRun(run, weights) === shard) return { project, run }
  }
}

function log(store: MetricStore, keys: readonly RunKey[], values: readonly number[], version = 1): Promise<void> {
  const steps = Float64Array.from(values.keys())
  const metrics = [
    { name: 'loss', rows: null, values: Float64Array.from(values) },
    { name: 'epoch', rows: null, values: steps.map((step) => Math.floor(step / 2)) },
  ]
  return store.insert(
    keys.map((key) => ({ ...key, stream: 'history' as const, version, steps, times: steps, metrics })),
    keys.map((key) => ({ ...key, version, metric: 'note', step: 1, time: 1, value: 'a text' })),
    keys.map((key) => ({
      ...key,
      version,
      writer: key.run,
      label: null,
      line: 0,
      stream: 'stdout' as const,
      time: 1,
      text: 'a line',
    })),
  )
}

async function valuesOf(store: MetricStore, key: RunKey): Promise<number[]> {
  const values: number[] = []
  for await (const chunk of store.points({ ...key, stream: 'history', metric: 'loss' })) values.push(...chunk.values)
  return values
}

const chartOf = (keys: readonly RunKey[], x: 'step' | 'epoch' = 'step'): Parameters<MetricStore['series']>[0] => ({
  project,
  width: 100,
  series: keys.map(({ run }) => ({
    run,
    metric: 'loss',
    stream: 'history',
    x: x === 'step' ? { kind: 'step' } : { kind: 'metric', name: 'epoch' },
    segments: [],
  })),
})

describe.skipIf(engines[2].isMissing)('a cluster of two shards', () => {
  let cluster: Cluster
  let stores: MetricStore[]
  let first: MetricStore
  let second: MetricStore
  let sides: Engine[]

  const open = (shard = 0): Promise<MetricStore> =>
    openMetricStore({ kind: 'server', url: cluster.shards[shard]?.url ?? '', cluster: clusterName })

  beforeAll(async () => {
    cluster = await startCluster()
    // At once, by different servers of the cluster, as two Kiroku servers that start together do.
    stores = await Promise.all([open(0), open(1), open(0)])
    const [a, b] = stores
    if (!a || !b) throw new Error('no store')
    first = a
    second = b
    sides = await Promise.all(cluster.shards.map(({ url }) => openServerEngine(`${url}/kiroku_local`)))
  })

  afterAll(async () => {
    await Promise.all([...stores, ...sides].map((each) => each.close()))
    await cluster[Symbol.asyncDispose]()
  })

  const storedOn = async (table: string, { run }: RunKey): Promise<number[]> => {
    const counts = sides.map((side) =>
      side.query({
        sql: `SELECT count() AS count FROM ${table} FINAL WHERE run = {run:UUID}`,
        parameters: { run },
        row: z.object({ count: z.coerce.number() }),
      }),
    )
    return (await Promise.all(counts)).map((rows) => rows[0]?.count ?? -1)
  }

  test('what texts take is told from the parts of both shards, however differently these compress', async () => {
    const own = randomUUID()
    const noise = Array.from({ length: 25_000 }, () => randomUUID()).join('')
    await first.insert(
      [],
      [noise, 'a'.repeat(noise.length)].map((value, at) => {
        const { run } = runOn(at + 1)
        return { project: own, run, version: 1, metric: 'note', step: 1, time: 1, value }
      }),
      [],
    )
    const [contents] = await second.contents([own], 'project')
    // Hexadecimal digits take a good half of a byte each, the letters nothing.
    expect((contents?.textBytes ?? 0) / noise.length).toBeGreaterThan(0.5)
    expect((contents?.textBytes ?? 0) / noise.length).toBeLessThan(0.7)
  })

  test('each run is on the one shard that its id says, in every table, and both have some', async () => {
    const keys = Array.from({ length: 24 }, () => ({ project, run: randomUUID() }))
    await log(first, keys, [1, 2, 3])
    for (const key of keys) {
      const isFirst = shardOfRun(key.run, weights) === 1
      expect(await storedOn('points', key)).toEqual(isFirst ? [6, 0] : [0, 6])
      for (const table of ['texts', 'console']) expect(await storedOn(table, key)).toEqual(isFirst ? [1, 0] : [0, 1])
    }
    expect(new Set(keys.map(({ run }) => shardOfRun(run, weights))).size).toBe(2)
    expect((await second.series(chartOf(keys))).series.map(({ count }) => count)).toEqual(keys.map(() => 3))
  })

  test('a chart joins a run with its x axis on its own shard, and replaced points are there once', async () => {
    const keys = [runOn(1), runOn(2), runOn(2)]
    await log(first, keys, [1, 2, 3, 4], 1)
    await log(second, keys, [10, 20], 2)
    const { series, range, missingShards } = await first.series(chartOf(keys, 'epoch'))
    expect(missingShards).toBeUndefined()
    expect(range).toEqual({ from: 0, to: 1 })
    for (const entry of series) {
      if (entry.form !== 'points') throw new Error('few points came in buckets')
      const { columns } = entry
      expect([...columns.y]).toEqual([10, 20, 3, 4])
      expect([...columns.x]).toEqual([0, 0, 1, 1])
    }
  })

  test('a fork is on the shard of its own id', async () => {
    const parent = runOn(1)
    const child = runOn(2)
    await log(first, [parent], [1, 2, 3])
    await first.copy(parent, child.run, 1)
    expect(await valuesOf(second, child)).toEqual([1, 2])
    expect(await storedOn('points', child)).toEqual([0, 4])
  })

  test('the tables of all shards together are there for whoever looks', async () => {
    const keys = [runOn(1), runOn(2)]
    await log(first, keys, [1, 2, 3])
    const whole = await openServerEngine(cluster.shards[1]?.url ?? '')
    const rows = await whole.query({
      sql: 'SELECT count() AS count FROM points WHERE has({ids:Array(UUID)}, run)',
      parameters: { ids: keys.map(({ run }) => run) },
      row: z.object({ count: z.coerce.number() }),
    })
    expect(rows).toEqual([{ count: 12 }])
    await whole.close()
  })

  test('a shard that is lost is told, other runs go on, and it takes part again when it is back', async () => {
    const here = runOn(1)
    const gone = runOn(2)
    await log(first, [here, gone], [1, 2, 3])
    const lost = cluster.shards[1]
    await lost?.kill()

    // Whichever server they are sent to first.
    const alone = testProject()
    alone.add({ id: here.run, run: 'r' })
    const count = "SELECT count() FROM points WHERE run = 'r' AND metric = 'loss'"
    for (let time = 0; time < 4; time++) expect((await over(first, { ...alone, project }, count)).rows).toEqual([['3']])

    // The second store was given the address of the server that is lost now.
    for (const store of [first, second]) {
      const other = runOn(1)
      const answer = await store.series(chartOf([here, gone]))
      expect(answer.missingShards).toEqual([2])
      expect(answer.series.map(({ count }) => count)).toEqual([3, 0])
      expect((await store.series(chartOf([here]))).missingShards).toBeUndefined()
      const missing = { code: 'UNAVAILABLE', message: 'shard 2 of the ClickHouse cluster two does not answer' }
      await expect(valuesOf(store, gone)).rejects.toMatchObject(missing)
      await expect(store.texts(gone)).rejects.toMatchObject(missing)
      await expect(store.console(gone, { from: 0, limit: 10 })).rejects.toMatchObject(missing)
      await expect(store.totals({ ...gone, stream: 'history', metrics: null })).rejects.toMatchObject(missing)
      const half = testProject()
      for (const [index, { run }] of [here, gone].entries()) half.add({ id: run, run: `r${index}` })
      const sums = "SELECT run, sum(value) FROM points WHERE metric = 'loss' GROUP BY run"
      await expect(over(store, { ...half, project }, sums)).rejects.toMatchObject(missing)
      const some = sums.replace('GROUP', "AND run = 'r0' GROUP")
      expect((await over(store, { ...half, project }, some)).rows).toEqual([['r0', 6]])
      await expect(store.deleteRun(gone)).rejects.toMatchObject(missing)
      await expect(log(store, [gone], [1, 2, 3, 4], 2)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
      await expect(log(store, [runOn(1), gone], [1, 2, 3, 4], 2)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
      await log(store, [other], [4, 5, 6, 7], 3)
      expect(await valuesOf(store, other)).toEqual([4, 5, 6, 7])
      await store.ping()
    }
    // A server that starts meanwhile begins with what is there.
    const late = await open(0)
    stores.push(late)
    expect((await late.series(chartOf([here, gone]))).missingShards).toEqual([2])

    await lost?.restart()
    for (const store of [first, second, late]) {
      await expect.poll(() => valuesOf(store, gone).catch(() => []), { timeout: 20_000 }).not.toEqual([])
      await log(store, [gone], [1, 2, 3, 4], 4)
      expect(await valuesOf(store, gone)).toEqual([1, 2, 3, 4])
      const answer = await store.series(chartOf([here, gone]))
      expect(answer.missingShards).toBeUndefined()
      expect(answer.series.map(({ count }) => count)).toEqual([3, 4])
    }
  })

  test('migrations are recorded once on each server, whoever applied them', async () => {
    for (const side of sides) {
      const rows = await side.query({
        sql: 'SELECT id FROM migrations FINAL ORDER BY id',
        row: z.object({ id: z.number() }),
      })
      expect(rows.map(({ id }) => id)).toEqual(rows.map((_, index) => index + 1))
      expect(rows.length).toBeGreaterThan(1)
    }
  })

  test('SQL of users is over the rows of all shards, and over no less when they are too many', async () => {
    const own = testProject()
    const runs = [1, 2].map((shard) => ({ project: own.project, run: runOn(shard).run }))
    for (const [index, { run }] of runs.entries()) own.add({ id: run, run: `r${index + 1}` })
    await log(first, runs, [1, 2, 3])
    const rows = async (query: string) => (await over(first, own, query)).rows
    expect(await rows("SELECT run, sum(value) FROM points WHERE metric = 'loss' GROUP BY run ORDER BY run")).toEqual([
      ['r1', 6],
      ['r2', 6],
    ])
    expect(await rows('SELECT count() FROM points JOIN texts USING (run) JOIN console USING (run)')).toEqual([['12']])

    // Of 1 MB each, which are little on disk and much on their way.
    const value = 'x'.repeat(1_000_000)
    const texts = Array.from({ length: 70 }, (_, step) =>
      runs.map((key) => ({ ...key, version: 1, metric: 'long', step, time: 1, value })),
    )
    await first.insert([], texts.flat())
    expect(await rows("SELECT count(), max(step) FROM texts WHERE metric = 'long'")).toEqual([['140', '69']])
    expect(await rows("SELECT sum(length(value)) FROM texts WHERE run = 'r1' AND metric = 'long'")).toEqual([
      [String(70 * (value.length + 2))],
    ])
    await expect(rows('SELECT sum(length(value)) FROM texts')).rejects.toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringMatching(/^on a cluster a query reads up to 128 MB .*name runs and metrics/),
    })
    await expect(rows('SELECT sum(lenght(value)) FROM texts')).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  test('an unknown cluster is named with those that there are', async () => {
    const url = cluster.shards[0]?.url ?? ''
    await expect(openMetricStore({ kind: 'server', url, cluster: 'three' })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringMatching(/^the ClickHouse server knows no cluster three; .*two/),
    })
  })

  test('a cluster whose shards are others than those that runs were spread over is refused', async () => {
    const [side] = sides
    await side?.command({ sql: 'ALTER TABLE layout UPDATE weights = [1] WHERE 1 SETTINGS mutations_sync = 1' })
    await expect(open(0)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('was shard 1 of shards with the weights 1 when runs were stored there'),
    })
    await side?.command({ sql: 'ALTER TABLE layout UPDATE weights = [1, 1] WHERE 1 SETTINGS mutations_sync = 1' })
    stores.push(await open(0))
  })
})
