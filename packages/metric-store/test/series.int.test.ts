import { randomUUID } from 'node:crypto'
import type { XAxis } from '@kiroku/core/axes'
import { bucketColumns } from '@kiroku/core/bucket-columns'
import { bucketOf, cutBuckets, isSentAsPoints } from '@kiroku/core/buckets'
import { pointColumns, type Series } from '@kiroku/core/series'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { MetricStore, Segment } from '../src/index.ts'
import { chartOf, engines, nextVersion } from './stores.ts'

type Row = { step: number; time: number; values: Partial<Record<'a' | 'b' | 'epoch', number>> }
type LoggedRun = { run: string; segments: Segment[]; batches: Row[][] }
type Point = { x: number; y: number; step: number; time: number }
type Metric = keyof Row['values']

const metrics: readonly Metric[] = ['a', 'b', 'epoch']

/** Of everything that was logged, what stands: the last value of each metric at each step. */
function standing(run: LoggedRun, metric: Metric): Map<number, { time: number; value: number }> {
  const points = new Map<number, { time: number; value: number }>()
  for (const row of run.batches.flat()) {
    const value = row.values[metric]
    if (value !== undefined) points.set(row.step, { time: row.time, value })
  }
  return points
}

/** How long the run had run for at a time: by the last segment that had begun, or the first. */
function runTime({ segments }: LoggedRun, time: number): number {
  const segment = segments.findLast(({ startedAt }) => startedAt <= time) ?? segments[0]
  return segment ? time - (segment.startedAt - segment.runtimeBeforeMs) : Number.NaN
}

function drawn(run: LoggedRun, metric: Metric, x: XAxis): { points: Point[]; withoutX: number } {
  const axis = x.kind === 'metric' ? standing(run, metrics.find((name) => name === x.name) ?? 'a') : null
  const all = [...standing(run, metric)].map(([step, { time, value }]) => {
    const atStep = x.kind === 'step' ? step : x.kind === 'time' ? time : runTime(run, time)
    return { step, time, y: value, x: axis ? (axis.get(step)?.value ?? Number.NaN) + 0 : atStep }
  })
  const points = all.filter((point) => Number.isFinite(point.x)).sort((p, q) => p.x - q.x || p.step - q.step)
  return { points, withoutX: all.length - points.length }
}

const isIn = (range: { from: number; to: number }, { x }: Point): boolean => x >= range.from && x <= range.to

/** Zero without its sign: which of two equal zeros stands for a bucket is open; its x is not. */
const withoutSign = (value: number | undefined): number => (value ?? Number.POSITIVE_INFINITY) + 0

/** Checks an answer against the points that the script logged, by the plain reading of `@kiroku/core/series`. */
function check(answer: Series, points: readonly Point[], range: { from: number; to: number }, width: number): void {
  expect(answer.count).toBe(points.length)
  if (isSentAsPoints(points.length, width)) {
    if (answer.form !== 'points') throw new Error('few points came in buckets')
    expect(pointColumns.map((name) => [...answer.columns[name]])).toEqual(
      pointColumns.map((name) => points.map((point) => point[name])),
    )
    return
  }
  if (answer.form !== 'buckets') throw new Error('many points came as they are')
  const cut = cutBuckets(range, width)
  const byBucket = new Map<number, Point[]>()
  for (const point of points) {
    const bucket = bucketOf(cut, point.x)
    byBucket.set(bucket, [...(byBucket.get(bucket) ?? []), point])
  }
  const buckets = [...byBucket].sort(([a], [b]) => a - b).map(([, inside]) => inside)
  expect(answer.columns.count.length).toBe(buckets.length)
  buckets.forEach((inside, index) => {
    const got = Object.fromEntries(bucketColumns.map((name) => [name, withoutSign(answer.columns[name][index])]))
    const finite = inside.filter(({ y }) => Number.isFinite(y))
    const ys = finite.map(({ y }) => withoutSign(y))
    const [first, last] = [finite[0], finite[finite.length - 1]]
    const lone = { x: inside[0]?.x, y: Number.NaN }
    const lowest = finite.length > 0 ? Math.min(...ys) : Number.NaN
    const highest = finite.length > 0 ? Math.max(...ys) : Number.NaN
    expect(got).toEqual({
      firstX: (first ?? lone).x,
      firstY: withoutSign((first ?? lone).y),
      minX: (finite.find(({ y }) => y === lowest) ?? lone).x,
      minY: lowest,
      maxX: (finite.find(({ y }) => y === highest) ?? lone).x,
      maxY: highest,
      lastX: (last ?? lone).x,
      lastY: withoutSign((last ?? lone).y),
      count: inside.length,
      sum: ys.reduce((sum, y) => sum + y, 0),
      nanCount: inside.filter(({ y }) => Number.isNaN(y)).length,
      positiveInfinityCount: inside.filter(({ y }) => y === Number.POSITIVE_INFINITY).length,
      negativeInfinityCount: inside.filter(({ y }) => y === Number.NEGATIVE_INFINITY).length,
    })
  })
}

async function log(store: MetricStore, project: string, run: LoggedRun, firstVersion: number): Promise<void> {
  for (const [index, rows] of run.batches.entries()) {
    const columns = metrics.map((name) => {
      const at = rows.flatMap((row, position) => (row.values[name] === undefined ? [] : [position]))
      return {
        name,
        rows: Uint32Array.from(at),
        values: Float64Array.from(at, (position) => rows[position]?.values[name] ?? 0),
      }
    })
    await store.insert(
      [
        {
          project,
          run: run.run,
          stream: 'history',
          version: firstVersion + index,
          steps: Float64Array.from(rows, (row) => row.step),
          times: Float64Array.from(rows, (row) => row.time),
          metrics: columns,
        },
      ],
      [],
    )
  }
}

/** Sums of whole numbers and infinities are exact in any order. */
const value = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -1000, max: 1000 }) },
  // Extremes that come more than once.
  { weight: 3, arbitrary: fc.integer({ min: -1001, max: -1000 }) },
  { weight: 3, arbitrary: fc.integer({ min: 1000, max: 1001 }) },
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 2 ** 40),
)
const step = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -20, max: 60 }) },
  fc.integer({ min: 2 ** 50, max: 2 ** 50 + 5 }),
  fc.constantFrom(-(2 ** 53 - 1), 2 ** 53 - 1),
)
const time = fc.oneof(fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_020 }), fc.integer({ min: -5, max: 5 }))
const row: fc.Arbitrary<Row> = fc.record({
  step,
  time,
  values: fc.record({ a: value, b: value, epoch: value }, { requiredKeys: [] }),
})
const loggedRun: fc.Arbitrary<LoggedRun> = fc.record({
  run: fc.constant('').map(() => randomUUID()),
  segments: fc
    .array(
      fc.record({
        startedAt: fc.constantFrom(1_700_000_000_003, 0, 1_699_999_999_999.5, 1_700_000_000_012),
        runtimeBeforeMs: fc.constantFrom(0, 0, 5, 8),
      }),
      { minLength: 1, maxLength: 3 },
    )
    .map((segments) => segments.sort((left, right) => left.startedAt - right.startedAt)),
  batches: fc.array(fc.array(row, { maxLength: 60 }), { maxLength: 3 }),
})
const axis: fc.Arbitrary<XAxis> = fc.constantFrom(
  { kind: 'step' },
  { kind: 'time' },
  { kind: 'relative' },
  { kind: 'metric', name: 'epoch' },
  { kind: 'metric', name: 'a' },
)
const range = fc.option(
  fc
    .tuple(fc.oneof(step, fc.double({ noNaN: true, min: -100, max: 100 }), time), fc.oneof(step, time))
    // Zero has no sign in the header of an answer, which is JSON.
    .map(([p, q]) => ({ from: Math.min(p, q) + 0, to: Math.max(p, q) + 0 })),
  { nil: undefined },
)

for (const { kind, open, isMissing } of engines) {
  test.skipIf(isMissing)(
    `on the ${kind} engine a chart is what its points say, on every axis, range and width`,
    { timeout: 120_000 },
    async () => {
      await using opened = await open()
      const { store } = opened
      await fc.assert(
        fc.asyncProperty(
          fc.array(loggedRun, { minLength: 1, maxLength: 3 }),
          fc.uniqueArray(fc.tuple(fc.nat(2), fc.constantFrom(...metrics), axis), {
            minLength: 1,
            maxLength: 6,
            selector: (entry) => JSON.stringify(entry),
          }),
          range,
          fc.integer({ min: 1, max: 12 }),
          fc.boolean(),
          async (runs, wanted, asked, width, times) => {
            const project = randomUUID()
            for (const run of runs) await log(store, project, run, 1)
            const series = wanted.flatMap(([index, metric, x]) => {
              const run = runs[index % runs.length]
              return run
                ? [{ source: run, run: run.run, segments: run.segments, metric, stream: 'history' as const, x }]
                : []
            })
            const answer = await chartOf(store, {
              project,
              width,
              range: asked,
              times,
              series: series.map(({ source, ...rest }) => rest),
            })
            const expected = series.map(({ source, metric, x }) => drawn(source, metric, x))
            const xs = expected.flatMap(({ points }) => points.map(({ x }) => x))
            const extent = xs.length > 0 ? { from: Math.min(...xs), to: Math.max(...xs) } : null
            expect(answer.range).toEqual(asked ?? extent)
            expected.forEach(({ points, withoutX }, index) => {
              const got = answer.series[index]
              if (!got) throw new Error('a series is missing')
              const { run, metric, x } = series[index] ?? {}
              expect([got.run, got.metric, got.x, got.withoutX]).toEqual([run, metric, x, withoutX])
              const { range: used } = answer
              if (used)
                check(
                  got,
                  points
                    .filter((point) => isIn(used, point))
                    .map((point) => (times || x?.kind !== 'step' ? point : { ...point, time: Number.NaN })),
                  used,
                  width,
                )
              else expect(got.count).toBe(0)
            })
          },
        ),
        { numRuns: kind === 'embedded' ? 100 : 30 },
      )
    },
  )

  test.skipIf(isMissing)(`on the ${kind} engine series whose hashes are the same are told apart`, async () => {
    await using opened = await open()
    const { store } = opened
    // Found among 40 million runs of this project: of their series' hashes 48 bits are the same.
    const project = '00000000-0000-4000-8000-000000000001'
    const runs = ['40000000-0000-0000-8000-0000010b594c', '40000000-0000-0000-8000-00000171b375'] as const
    const steps = Float64Array.from({ length: 50 }, (_, index) => index)
    for (const [index, run] of runs.entries())
      await store.insert(
        [
          {
            project,
            run,
            stream: 'history',
            version: nextVersion(),
            steps,
            times: steps,
            metrics: [{ name: 'loss', rows: null, values: steps.map((step) => 100 * index + step) }],
          },
        ],
        [],
      )
    for (const asked of [[runs[0]], [runs[1]], runs]) {
      const { series } = await chartOf(store, {
        project,
        width: 100,
        range: { from: 0, to: 60 },
        series: asked.map((run) => ({ run, segments: [], metric: 'loss', stream: 'history', x: { kind: 'step' } })),
      })
      expect(series.map(({ form, columns }) => form === 'points' && [...columns.y])).toEqual(
        asked.map((run) => [...steps.map((step) => 100 * runs.indexOf(run) + step)]),
      )
    }
  })
}
