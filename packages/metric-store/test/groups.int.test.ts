import { randomUUID } from 'node:crypto'
import type { XAxis } from '@kiroku/core/axes'
import { bucketOf, cutBuckets } from '@kiroku/core/buckets'
import type { GroupColumns } from '@kiroku/core/groups'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MetricStore, StoreGroupsRequest } from '../src/index.ts'
import { engines, nextVersion, sharedStore } from './stores.ts'

type Point = { step: number; time: number; value: number }

const clockStart = 1_700_000_000_000

/** Stores points of the metric `loss`, and `epoch` beside it. */
async function log(store: MetricStore, project: string, run: string, points: readonly Point[]): Promise<void> {
  if (points.length === 0) return
  const metrics = [
    { name: 'loss', rows: null, values: Float64Array.from(points, ({ value }) => value) },
    { name: 'epoch', rows: null, values: Float64Array.from(points, epochOf) },
  ]
  const steps = Float64Array.from(points, ({ step }) => step)
  const times = Float64Array.from(points, ({ time }) => time)
  await store.insert([{ project, run, stream: 'history', version: nextVersion(), steps, times, metrics }], [])
}

const epochOf = ({ step }: Point): number => (step % 7 === 3 ? Number.NaN : Math.floor(step / 50) / 2)

function xOf(axis: XAxis, point: Point): number {
  if (axis.kind === 'metric') return epochOf(point)
  return axis.kind === 'step' ? point.step : axis.kind === 'time' ? point.time : point.time - clockStart
}

const segments = [{ startedAt: clockStart, runtimeBeforeMs: 0 }]
const member = (run: string, x: XAxis) => ({ run, x, segments })

const quantile = (sorted: readonly number[], share: number): number => {
  const at = share * (sorted.length - 1)
  const low = sorted[Math.floor(at)] ?? Number.NaN
  return low + (at - Math.floor(at)) * ((sorted[Math.ceil(at)] ?? Number.NaN) - low)
}

type Figures = Omit<Record<keyof GroupColumns, number>, 'bucket'>

/** What the columns of a group must be, by bucket, from its runs' points. */
function recounted(
  runs: readonly (readonly Point[])[],
  bucketFor: (point: Point) => number | null,
): Map<number, Figures> {
  const byBucket = new Map<number, Point[][]>()
  for (const points of runs) {
    const ofRun = new Map<number, Point[]>()
    for (const point of points) {
      const bucket = bucketFor(point)
      if (bucket === null) continue
      const others = ofRun.get(bucket)
      if (others) others.push(point)
      else ofRun.set(bucket, [point])
    }
    for (const [bucket, some] of ofRun) byBucket.set(bucket, [...(byBucket.get(bucket) ?? []), some])
  }
  return new Map(
    [...byBucket].map(([bucket, some]) => {
      const finite = some
        .map((of) => of.map(({ value }) => value).filter(Number.isFinite))
        .filter(({ length }) => length > 0)
      const means = finite.map((of) => of.reduce((sum, value) => sum + value, 0) / of.length).sort((a, b) => a - b)
      const mean = means.reduce((sum, value) => sum + value, 0) / means.length
      const count = some.flat().length
      return [
        bucket,
        {
          runs: means.length,
          mean,
          std: Math.sqrt(means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / means.length),
          min: means.length === 0 ? Number.NaN : Math.min(...finite.flat()),
          q10: quantile(means, 0.1),
          q25: quantile(means, 0.25),
          median: quantile(means, 0.5),
          q75: quantile(means, 0.75),
          q90: quantile(means, 0.9),
          max: means.length === 0 ? Number.NaN : Math.max(...finite.flat()),
          count,
          notFiniteCount: count - finite.flat().length,
        },
      ] as const
    }),
  )
}

function expectColumns(columns: GroupColumns, expected: ReadonlyMap<number, Figures>): void {
  expect([...columns.bucket]).toEqual([...expected.keys()].sort((a, b) => a - b))
  columns.bucket.forEach((bucket, index) => {
    const figures = expected.get(bucket)
    for (const name of ['runs', 'count', 'notFiniteCount', 'min', 'max'] as const)
      expect(columns[name][index], `${name} of bucket ${bucket}`).toBe(figures?.[name])
    for (const name of ['mean', 'std', 'q10', 'q25', 'median', 'q75', 'q90'] as const)
      expect(columns[name][index], `${name} of bucket ${bucket}`).toBeCloseTo(figures?.[name] ?? 0, 6)
  })
}

/** Points as a script logs them: every `stride` steps, with one pause of an hour, and some values that are not finite. */
function made(count: number, { stride, seed, from = 0 }: { stride: number; seed: number; from?: number }): Point[] {
  return Array.from({ length: count }, (_, index) => {
    const step = from + index * stride
    const noise = Math.sin(step * 12.9898 + seed) * 43758.5453
    const value =
      step % 97 === 13 ? Number.NaN : step % 211 === 7 ? Number.POSITIVE_INFINITY : noise - Math.floor(noise) + seed
    return { step, time: clockStart + step * 50 + (step > 3000 ? 3_600_000 : 0), value }
  })
}

const axes: readonly XAxis[] = [
  { kind: 'step' },
  { kind: 'time' },
  { kind: 'relative' },
  { kind: 'metric', name: 'epoch' },
]

type Scenario = typeof scenario extends fc.Arbitrary<infer Drawn> ? Drawn : never
const scenario = fc.record({
  runs: fc.array(
    fc.record({
      count: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 2000, max: 5000 })),
      stride: fc.constantFrom(1, 2),
      again: fc.boolean(),
    }),
    {
      minLength: 1,
      maxLength: 4,
    },
  ),
  late: fc.integer({ min: 0, max: 700 }),
  axis: fc.constantFrom(...axes),
  buckets: fc.integer({ min: 1, max: 12 }),
  window: fc.option(
    fc.tuple(fc.double({ min: 0, max: 0.9, noNaN: true }), fc.double({ min: 0.01, max: 1, noNaN: true })),
  ),
})

/** Charts whose buckets are wide enough for stored ones, whatever else is drawn. */
const surelyRolled = axes.map((axis): [Scenario] => [
  {
    runs: [
      { count: 4000, stride: 1, again: false },
      { count: 3500, stride: 2, again: true },
    ],
    late: 300,
    axis,
    buckets: 3,
    window: axis.kind === 'relative' ? [0.1, 0.8] : null,
  },
])

/** Several runs with the same points, so that their means have no spread. */
const sameMeans: [Scenario] = [
  {
    runs: Array.from({ length: 4 }, () => ({ count: 300, stride: 1, again: true })),
    late: 0,
    axis: { kind: 'step' },
    buckets: 12,
    window: [0.04, 0.08],
  },
]

describe.each(engines)('groups, on the $kind engine', ({ kind, open, isMissing }) => {
  const storeOf = sharedStore({ open, isMissing })
  test.skipIf(isMissing)(
    'are what a recount gives, within half a bucket where stored buckets are used',
    async () => {
      const store = storeOf()
      let inexact = 0
      await fc.assert(
        fc.asyncProperty(scenario, async ({ runs, late, axis, buckets, window }) => {
          const project = randomUUID()
          const logged = await Promise.all(
            runs.map(async ({ count, stride }, index) => {
              const run = randomUUID()
              const points = made(count, { stride, seed: index })
              await log(store, project, run, points)
              return { run, stride, points: new Map(points.map((point) => [point.step, point])) }
            }),
          )
          const add = async (index: number, points: readonly Point[]): Promise<void> => {
            const of = logged[index]
            if (!of) return
            await log(store, project, of.run, points)
            for (const point of points) of.points.set(point.step, point)
          }
          const check = async (): Promise<boolean> => {
            const xs = logged
              .flatMap(({ points }) => [...points.values()].map((point) => xOf(axis, point)))
              .filter(Number.isFinite)
            if (xs.length === 0) return true
            const [low, high] = [xs.reduce((a, b) => Math.min(a, b)), xs.reduce((a, b) => Math.max(a, b))]
            const range = window
              ? { from: low + window[0] * (high - low), to: low + Math.min(1, window[0] + window[1]) * (high - low) }
              : { from: low, to: high }
            const half = Math.ceil(logged.length / 2)
            // The runs of the middle are in both.
            const groups = [logged.slice(0, half), logged.slice(half - 1)]
            const request: StoreGroupsRequest = {
              project,
              stream: 'history',
              metric: 'loss',
              groups: groups.map((some) => ({ runs: some.map(({ run }) => member(run, axis)) })),
              buckets,
              ...(window && { range }),
            }
            const answer = await store.groups(request)
            expect(answer.range).toEqual(range)
            const cut = cutBuckets(range, buckets)
            groups.forEach((some, index) => {
              const group = answer.groups[index]
              if (!group) throw new Error('a group is missing')
              const points = some.map((of) => [...of.points.values()])
              const inRange = (point: Point): number | null => {
                const x = xOf(axis, point)
                return x >= range.from && x <= range.to ? bucketOf(cut, x) : null
              }
              expect(group.withoutX).toBe(points.flat().filter((point) => Number.isNaN(xOf(axis, point))).length)
              if (group.isExact) expectColumns(group.columns, recounted(points, inRange))
              else expectClose(group.columns, points.flat(), axis, range, cut)
            })
            return answer.groups.every(({ isExact }) => isExact)
          }
          expect(await check()).toBe(true)
          await store.roll()
          if (!(await check())) inexact++
          await Promise.all(
            logged.map(({ stride, points }, index) => {
              const last = Math.max(...points.keys())
              return add(index, made(late, { stride, seed: index + 0.5, from: last + stride }))
            }),
          )
          await check()
          // A run that logs steps from before again is read from its points.
          await Promise.all(
            runs.map(({ again, stride }, index) =>
              again ? add(index, made(30, { stride, seed: 50, from: 10 * stride })) : null,
            ),
          )
          await check()
        }),
        { numRuns: kind === 'embedded' ? 8 : 4, endOnFailure: true, examples: [...surelyRolled, sameMeans] },
      )
      // Otherwise nothing of this was about rollups.
      expect(inexact).toBeGreaterThan(0)
    },
    240_000,
  )

  test.skipIf(isMissing)(
    'of 1000 runs are aggregated in the store, and say what a recount says',
    async () => {
      const store = storeOf()
      const project = randomUUID()
      const count = 1000
      const pointsPerRun = 2048
      const runs = Array.from({ length: count }, () => randomUUID())
      const steps = Float64Array.from({ length: pointsPerRun }, (_, step) => step)
      const valueAt = (run: number, step: number): number => run + Math.sin(step / 100)
      for (let from = 0; from < count; from += 100)
        await store.insert(
          runs.slice(from, from + 100).map((run, index) => ({
            project,
            run,
            stream: 'history' as const,
            version: nextVersion(),
            steps,
            times: steps,
            metrics: [{ name: 'loss', rows: null, values: steps.map((step) => valueAt(from + index, step)) }],
          })),
          [],
        )
      const request: StoreGroupsRequest = {
        project,
        stream: 'history',
        metric: 'loss',
        groups: [0, 1].map((half) => ({
          runs: runs.filter((_, index) => index % 2 === half).map((run) => member(run, { kind: 'step' })),
        })),
        range: { from: 0, to: 2048 },
        buckets: 2,
      }
      const raw = await store.groups(request)
      await store.roll()
      const rolled = await store.groups(request)
      expect(raw.groups.map(({ isExact }) => isExact)).toEqual([true, true])
      expect(rolled.groups.map(({ isExact }) => isExact)).toEqual([false, false])
      for (const [half, group] of rolled.groups.entries()) {
        // Buckets of 1024 steps hold four stored ones of 256 each, so that nothing is beside its bucket.
        const ofHalf = runs.flatMap((_, index) => (index % 2 === half ? [index] : []))
        const waves = Array.from(steps, (step) => Math.sin(step / 100))
        const meanOf = (bucket: number): number =>
          waves.slice(bucket * 1024, (bucket + 1) * 1024).reduce((sum, value) => sum + value, 0) / 1024
        const sorted = (bucket: number): number[] => ofHalf.map((run) => run + meanOf(bucket))
        for (const bucket of [0, 1]) {
          const { columns } = group
          expect(columns.runs[bucket]).toBe(500)
          expect(columns.count[bucket]).toBe(500 * 1024)
          expect(columns.mean[bucket]).toBeCloseTo(sorted(bucket).reduce((sum, value) => sum + value, 0) / 500, 6)
          expect(columns.q10[bucket]).toBeCloseTo(quantile(sorted(bucket), 0.1), 6)
          expect(columns.median[bucket]).toBeCloseTo(quantile(sorted(bucket), 0.5), 6)
          const part = waves.slice(bucket * 1024, (bucket + 1) * 1024)
          expect(columns.min[bucket]).toBe(half + Math.min(...part))
          expect(columns.max[bucket]).toBe(998 + half + Math.max(...part))
          expect(columns.mean[bucket]).toBeCloseTo(raw.groups[half]?.columns.mean[bucket] ?? 0, 6)
          expect(columns.q90[bucket]).toBeCloseTo(raw.groups[half]?.columns.q90[bucket] ?? 0, 6)
        }
      }
    },
    240_000,
  )

  test.skipIf(isMissing)(
    'have the spread of means that lie close together, or are the same, far from zero',
    async () => {
      const store = storeOf()
      const project = randomUUID()
      const groupOf = async (values: readonly number[]) => {
        const runs = values.map((value) => ({ run: randomUUID(), value }))
        await Promise.all(
          runs.map(({ run, value }) => log(store, project, run, [{ step: 0, time: clockStart, value }])),
        )
        return { runs: runs.map(({ run }) => member(run, { kind: 'step' })) }
      }
      const groups = [
        await groupOf([0, 1, 2, 3, 4].map((index) => 1e9 + index)),
        await groupOf([1e9 / 3, 1e9 / 3, 1e9 / 3]),
      ]
      const answer = await store.groups({ project, stream: 'history', metric: 'loss', groups, buckets: 1 })
      const [rising, same] = answer.groups.map(({ columns }) => columns)
      expect(rising?.mean[0]).toBe(1e9 + 2)
      expect(rising?.std[0]).toBeCloseTo(Math.SQRT2, 6)
      expect(same?.std[0]).toBe(0)
    },
  )

  test.skipIf(isMissing)('of runs without points are empty', async () => {
    const store = storeOf()
    const request: StoreGroupsRequest = {
      project: randomUUID(),
      stream: 'history',
      metric: 'loss',
      groups: [{ runs: [member(randomUUID(), { kind: 'step' })] }],
      buckets: 10,
    }
    const answer = await store.groups(request)
    expect(answer.range).toBeNull()
    expect(answer.groups[0]?.columns.bucket).toHaveLength(0)
  })
})

/** Checks what holds where points may count less than half a bucket beside their place. */
function expectClose(
  columns: GroupColumns,
  points: readonly Point[],
  axis: XAxis,
  range: { from: number; to: number },
  cut: ReturnType<typeof cutBuckets>,
): void {
  const slack = cut.width / 2
  const within = (from: number, to: number): Point[] =>
    points.filter((point) => xOf(axis, point) >= from && xOf(axis, point) <= to)
  const sum = (some: Float64Array): number => some.reduce((total, value) => total + value, 0)
  expect(sum(columns.count)).toBeGreaterThanOrEqual(within(range.from, range.to).length)
  expect(sum(columns.count)).toBeLessThanOrEqual(within(range.from - slack, range.to + slack).length)
  const finite = within(range.from, range.to)
    .map(({ value }) => value)
    .filter(Number.isFinite)
  // No extreme is lost.
  expect(Math.min(...columns.min.filter(Number.isFinite))).toBeLessThanOrEqual(Math.min(...finite))
  expect(Math.max(...columns.max.filter(Number.isFinite))).toBeGreaterThanOrEqual(Math.max(...finite))
  columns.bucket.forEach((bucket, index) => {
    const [from, to] = [cut.from + bucket * cut.width, cut.from + (bucket + 1) * cut.width]
    const around = within(from - slack, to + slack)
      .map(({ value }) => value)
      .filter(Number.isFinite)
    if (around.length === 0) return
    expect(columns.count[index]).toBeLessThanOrEqual(within(from - slack, to + slack).length)
    expect(columns.min[index]).toBeGreaterThanOrEqual(Math.min(...around))
    expect(columns.max[index]).toBeLessThanOrEqual(Math.max(...around))
    const mean = columns.mean[index] ?? 0
    expect(mean).toBeGreaterThanOrEqual(Math.min(...around))
    expect(mean).toBeLessThanOrEqual(Math.max(...around))
  })
}
