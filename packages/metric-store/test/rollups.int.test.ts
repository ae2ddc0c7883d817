import { randomUUID } from 'node:crypto'
import type { XAxis } from '@kiroku/core/axes'
import { isSentAsPoints } from '@kiroku/core/buckets'
import type { Series } from '@kiroku/core/series'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MetricStore, RequestedSeries, RunKey } from '../src/index.ts'
import { chartOf, engines, nextVersion, sharedStore } from './stores.ts'

type Point = { step: number; time: number; value: number }
type Metric = 'a' | 'b'
type Model = Map<string, Map<number, Point>>

const clockStart = 1_700_000_000_000

const seriesOf = (model: Model, run: string, metric: Metric): Map<number, Point> => {
  const key = `${run} ${metric}`
  const points = model.get(key) ?? new Map<number, Point>()
  model.set(key, points)
  return points
}

async function log(
  store: MetricStore,
  model: Model,
  { project, run }: RunKey,
  metric: Metric,
  points: readonly Point[],
): Promise<number> {
  const version = nextVersion()
  await store.insert(
    [
      {
        project,
        run,
        stream: 'history',
        version,
        steps: Float64Array.from(points, ({ step }) => step),
        times: Float64Array.from(points, ({ time }) => time),
        metrics: [{ name: metric, rows: null, values: Float64Array.from(points, ({ value }) => value) }],
      },
    ],
    [],
  )
  for (const point of points) seriesOf(model, run, metric).set(point.step, point)
  return version
}

type Axis = 'step' | 'time' | 'relative'
const xOf = (axis: Axis, { step, time }: Point): number =>
  axis === 'step' ? step : axis === 'time' ? time : time - clockStart

const asked = (run: string, metric: string, x: XAxis): RequestedSeries => ({
  run,
  metric,
  stream: 'history',
  x,
  segments: [{ startedAt: clockStart, runtimeBeforeMs: 0 }],
})

/**
 * Checks an answer against what was logged: buckets lie side by side, each is of the points that it counts, all points in range
 * are in one, and those at the edges overlap the range.
 */
function check(answer: Series, points: readonly Point[], axis: Axis, range: { from: number; to: number }): void {
  const sorted = [...points].sort((p, q) => xOf(axis, p) - xOf(axis, q) || p.step - q.step)
  const inside = sorted.filter((point) => xOf(axis, point) >= range.from && xOf(axis, point) <= range.to)
  if (answer.form === 'points') {
    expect([...answer.columns.x]).toEqual(inside.map((point) => xOf(axis, point)))
    expect([...answer.columns.y]).toEqual(inside.map(({ value }) => value))
    return
  }
  const { columns } = answer
  const total = columns.count.reduce((sum, count) => sum + count, 0)
  expect(answer.count).toBe(total)
  const firstInside = sorted.indexOf(inside[0] ?? { step: 0, time: 0, value: 0 })
  // The buckets begin at the point that the first of them begins with. Where points that are not finite lie at its ends, several look
  // like that one, and one of them is it.
  const starts = [...sorted.keys()].filter((index) => index <= firstInside && startsAt(answer, sorted, axis, index))
  const failures = starts.flatMap((from) => {
    try {
      checkBuckets(answer, { sorted, inside, firstInside }, axis, { ...range, at: from })
      return []
    } catch (error) {
      return [error]
    }
  })
  expect(starts).not.toEqual([])
  if (failures.length === starts.length) throw failures[0]
}

/** Checks buckets of which the first begins with the point `at`. */
function checkBuckets(
  { columns }: Extract<Series, { form: 'buckets' }>,
  { sorted, inside, firstInside }: { sorted: readonly Point[]; inside: readonly Point[]; firstInside: number },
  axis: Axis,
  range: { from: number; to: number; at: number },
): void {
  let { at } = range
  for (let bucket = 0; bucket < columns.count.length; bucket++) {
    const part = sorted.slice(at, at + (columns.count[bucket] ?? 0))
    at += columns.count[bucket] ?? 0
    const finite = part.filter(({ value }) => Number.isFinite(value))
    const lone = { x: xOf(axis, part[0] ?? { step: 0, time: 0, value: 0 }), y: Number.NaN }
    const of = (point: Point | undefined): { x: number; y: number } =>
      point ? { x: xOf(axis, point), y: point.value } : lone
    const low = finite.reduce<Point | undefined>((best, p) => (best && best.value <= p.value ? best : p), undefined)
    const high = finite.reduce<Point | undefined>((best, p) => (best && best.value >= p.value ? best : p), undefined)
    expect({
      first: { x: columns.firstX[bucket], y: columns.firstY[bucket] },
      min: { x: columns.minX[bucket], y: columns.minY[bucket] },
      max: { x: columns.maxX[bucket], y: columns.maxY[bucket] },
      last: { x: columns.lastX[bucket], y: columns.lastY[bucket] },
      nan: columns.nanCount[bucket],
      positive: columns.positiveInfinityCount[bucket],
      negative: columns.negativeInfinityCount[bucket],
    }).toEqual({
      first: of(finite[0]),
      min: of(low),
      max: of(high),
      last: of(finite.at(-1)),
      nan: part.filter(({ value }) => Number.isNaN(value)).length,
      positive: part.filter(({ value }) => value === Number.POSITIVE_INFINITY).length,
      negative: part.filter(({ value }) => value === Number.NEGATIVE_INFINITY).length,
    })
    const sum = finite.reduce((whole, { value }) => whole + value, 0)
    expect(columns.sum[bucket]).toBeCloseTo(sum, 6)
    const [start, end] = [part[0], part.at(-1)]
    if (start && end) {
      expect(xOf(axis, start)).toBeLessThanOrEqual(range.to)
      expect(xOf(axis, end)).toBeGreaterThanOrEqual(range.from)
    }
  }
  expect(range.at).toBeLessThanOrEqual(firstInside)
  expect(at).toBeGreaterThan(sorted.indexOf(inside.at(-1) ?? { step: 0, time: 0, value: 0 }))
}

/** Whether the first bucket may begin with a point: where some before it are not finite, their number decides. */
function startsAt(answer: Series, sorted: readonly Point[], axis: Axis, index: number): boolean {
  if (answer.form !== 'buckets') return false
  const { count, firstX, nanCount, positiveInfinityCount, negativeInfinityCount } = answer.columns
  const part = sorted.slice(index, index + (count[0] ?? 0))
  const first = part.find(({ value }) => Number.isFinite(value)) ?? part[0]
  const having = (kind: number): number => part.filter(({ value }) => Object.is(value, kind)).length
  return (
    first !== undefined &&
    xOf(axis, first) === firstX[0] &&
    having(Number.NaN) === nanCount[0] &&
    having(Number.POSITIVE_INFINITY) === positiveInfinityCount[0] &&
    having(Number.NEGATIVE_INFINITY) === negativeInfinityCount[0]
  )
}

const change = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 2500 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('again' as const),
      from: fc.double({ min: -0.1, max: 1, noNaN: true }),
      count: fc.integer({ min: 1, max: 400 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('roll' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('truncate' as const), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('fork' as const), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('forget' as const) }) },
)
const scenario = fc.record({
  first: fc.integer({ min: 3000, max: 5000 }),
  changes: fc.array(fc.tuple(change, fc.constantFrom<Metric>('a', 'b')), { minLength: 2, maxLength: 10 }),
  kind: fc.constantFrom('noise', 'spikes', 'not finite'),
  stride: fc.constantFrom(1, 3),
  timesRise: fc.boolean(),
  width: fc.integer({ min: 3, max: 8 }),
  axis: fc.constantFrom<Axis>('step', 'time', 'relative'),
  window: fc.option(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 0.5, noNaN: true }))),
  seed: fc.integer({ min: 1, max: 1e9 }),
})

describe.each(engines)('on the $kind engine', ({ kind, open, isMissing }) => {
  const storeOf = sharedStore({ open, isMissing })
  test.skipIf(isMissing)(
    'a chart is exact whatever came, was replaced, cut off or copied, before and after the rollups saw it',
    async () => {
      const store = storeOf()
      await fc.assert(
        fc.asyncProperty(scenario, async ({ first, changes, kind, stride, timesRise, width, axis, window, seed }) => {
          const project = randomUUID()
          const runs = [randomUUID()]
          const model: Model = new Map()
          let state = seed
          const random = (): number => {
            state = (Math.imul(state, 1103515245) + 12345) >>> 0
            return state / 2 ** 32
          }
          const made = (step: number): Point => {
            const drawn = random()
            const value =
              kind === 'spikes' && drawn < 0.01
                ? (random() - 0.5) * 1e6
                : kind === 'not finite' && drawn < 0.1
                  ? ([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][step % 3] ?? 0)
                  : drawn
            return { step, time: clockStart + step * 50 + (timesRise ? 0 : Math.floor(random() * 200)), value }
          }
          let newest: { run: string; metric: Metric; version: number; points: Point[] } | undefined
          const begun = [
            [{ kind: 'append', count: first }, 'a'],
            [{ kind: 'roll' }, 'a'],
          ] as const
          for (const [turn, [one, metric]] of [...begun, ...changes].entries()) {
            const run = runs.at(-1) ?? ''
            const points = seriesOf(model, run, metric)
            const last = Math.max(-stride, ...points.keys())
            switch (one.kind) {
              case 'append': {
                const added = Array.from({ length: one.count }, (_, index) => made(last + (index + 1) * stride))
                newest = {
                  run,
                  metric,
                  version: await log(store, model, { project, run }, metric, added),
                  points: added,
                }
                break
              }
              case 'again': {
                const from = Math.floor(one.from * Math.max(0, last))
                const again = Array.from({ length: one.count }, (_, index) => made(from + index))
                await log(store, model, { project, run }, metric, again)
                newest = undefined
                break
              }
              case 'roll':
                await store.roll()
                break
              case 'truncate': {
                const step = Math.floor(one.at * Math.max(0, last))
                await store.truncate({ project, run }, step)
                for (const name of ['a', 'b'] as const)
                  for (const at of seriesOf(model, run, name).keys())
                    if (at > step) seriesOf(model, run, name).delete(at)
                newest = undefined
                break
              }
              case 'fork': {
                const to = randomUUID()
                const step = Math.floor(one.at * Math.max(0, last))
                await store.copy({ project, run }, to, step)
                for (const name of ['a', 'b'] as const)
                  for (const [at, point] of seriesOf(model, run, name))
                    if (at <= step) seriesOf(model, to, name).set(at, point)
                runs.push(to)
                newest = undefined
                break
              }
              case 'forget':
                // What the rollups know of open series is read again from what is stored, as at a start.
                await store.deleteRun({ project, run: randomUUID() })
                break
              case 'remove':
                if (newest) {
                  await store.removeVersion({ project, run: newest.run }, newest.version)
                  for (const { step } of newest.points) seriesOf(model, newest.run, newest.metric).delete(step)
                  newest = undefined
                }
            }
            if (turn === 1) {
              // Otherwise nothing of this would be about rollups.
              const request = { project, width, series: [asked(run, 'a', { kind: 'step' })] }
              const [whole] = (await chartOf(store, request)).series
              expect([256, 1024]).toContain(whole?.form === 'buckets' ? whole.columns.count[0] : 'points')
            }
            for (const of of runs) {
              const points = [...seriesOf(model, of, metric).values()]
              if (points.length === 0) continue
              const xs = points.map((point) => xOf(axis, point))
              const extent = { from: Math.min(...xs), to: Math.max(...xs) }
              const length = extent.to - extent.from
              const range = window
                ? { from: extent.from + window[0] * length, to: extent.from + (window[0] + window[1]) * length }
                : extent
              const answer = await chartOf(store, {
                project,
                width,
                range: window ? range : undefined,
                series: [asked(of, metric, { kind: axis })],
              })
              const [series] = answer.series
              if (!series) throw new Error('no series')
              check(series, points, axis, range)
              if (!window && isSentAsPoints(points.length, width)) expect(series.form).toBe('points')
            }
          }
        }),
        // What was found by then is told; looking for a smaller one may take longer than the test.
        { numRuns: kind === 'embedded' ? 12 : 5, interruptAfterTimeLimit: 400_000, markInterruptAsFailure: true },
      )
    },
    480_000,
  )
})

describe.each(engines)('of points that lie unevenly, on the $kind engine', ({ open, isMissing }) => {
  const storeOf = sharedStore({ open, isMissing })
  test.skipIf(isMissing)(
    'those of a window come as they are when they are few, however many it looked like',
    async () => {
      const store = storeOf()
      const [project, run] = [randomUUID(), randomUUID()]
      const dense = Array.from({ length: 20_000 }, (_, step) => step)
      const steps = Float64Array.from([...dense, ...Array.from({ length: 80 }, (_, index) => 20_000 + index * 1000)])
      const metrics = [{ name: 'loss', rows: null, values: steps.map((step) => Math.sin(step)) }]
      await store.insert(
        [{ project, run, stream: 'history', version: nextVersion(), steps, times: steps, metrics }],
        [],
      )
      await store.roll()
      const range = { from: 40_000, to: 90_000 }
      const [found] = (
        await chartOf(store, { project, width: 70, range, series: [asked(run, 'loss', { kind: 'step' })] })
      ).series
      expect(found?.form).toBe('points')
      expect(found?.count).toBe(51)
    },
  )
})

describe.each(engines)('over another metric, on the $kind engine', ({ open, isMissing }) => {
  const storeOf = sharedStore({ open, isMissing })
  test.skipIf(isMissing).each([
    ['batch', (step: number) => 2 * step + 1],
    ['epoch', (step: number) => Math.floor(step / 700)],
  ] as const)('buckets lie where %s was', async (name, xAt) => {
    const store = storeOf()
    const [project, run] = [randomUUID(), randomUUID()]
    const values = Array.from({ length: 5000 }, (_, step) => Math.sin(step / 37) * step)
    for (let from = 0; from < 5000; from += 1250) {
      const steps = Float64Array.from({ length: 1250 }, (_, row) => from + row)
      const metrics = [
        { name: 'loss', rows: null, values: Float64Array.from(values.slice(from, from + 1250)) },
        { name, rows: null, values: steps.map(xAt) },
      ]
      await store.insert(
        [{ project, run, stream: 'history', version: nextVersion(), steps, times: steps, metrics }],
        [],
      )
      // The last of them comes after the rollups were filled.
      if (from < 3750) await store.roll()
    }
    const x = { kind: 'metric', name } as const
    const read = async (range?: { from: number; to: number }): Promise<Series> => {
      const answer = await chartOf(store, { project, width: 8, range, series: [asked(run, 'loss', x)] })
      const [series] = answer.series
      if (!series) throw new Error('no series')
      return series
    }
    const whole = await read()
    if (whole.form !== 'buckets') throw new Error('many points came as they are')
    expect(whole.columns.count[0]).toBe(1024)
    let from = 0
    whole.columns.count.forEach((count, bucket) => {
      const part = values.slice(from, from + count)
      const stepOf = (value: number): number => from + part.indexOf(value)
      const [low, high] = [Math.min(...part), Math.max(...part)]
      expect(whole.columns.minY[bucket]).toBe(low)
      expect(whole.columns.maxY[bucket]).toBe(high)
      expect(whole.columns.firstX[bucket]).toBe(xAt(from))
      expect(whole.columns.lastX[bucket]).toBe(xAt(from + count - 1))
      for (const [got, at] of [
        [whole.columns.minX[bucket], stepOf(low)],
        [whole.columns.maxX[bucket], stepOf(high)],
      ] as const) {
        if (name === 'batch') expect(got).toBeCloseTo(xAt(at), 6)
        expect(got).toBeGreaterThanOrEqual(xAt(from))
        expect(got).toBeLessThanOrEqual(xAt(from + count - 1))
      }
      from += count
    })
    expect(from).toBe(5000)
    const window = { from: xAt(2000), to: xAt(4400) }
    const cut = await read(window)
    if (cut.form !== 'buckets') throw new Error('many points came as they are')
    expect(cut.count).toBeGreaterThanOrEqual(2400)
    expect(cut.columns.firstX[0]).toBeLessThanOrEqual(window.from)
    expect(cut.columns.lastX.at(-1)).toBeGreaterThanOrEqual(window.to)
    expect(cut.columns.count.length).toBeLessThan(whole.columns.count.length * 4)
  })

  test.skipIf(isMissing)('one that goes back and forth, or has other steps, is cut from the points', async () => {
    const store = storeOf()
    const [project, run] = [randomUUID(), randomUUID()]
    const steps = Float64Array.from({ length: 4000 }, (_, step) => step)
    const metrics = [
      { name: 'loss', rows: null, values: steps.map((step) => Math.cos(step)) },
      { name: 'angle', rows: null, values: steps.map((step) => Math.sin(step / 500)) },
      { name: 'seldom', rows: Uint32Array.from(steps).filter((step) => step % 2 === 0), values: steps.slice(0, 2000) },
    ]
    await store.insert([{ project, run, stream: 'history', version: nextVersion(), steps, times: steps, metrics }], [])
    await store.roll()
    const read = async (name: string): Promise<Series | undefined> => {
      const request = { project, width: 4, series: [asked(run, 'loss', { kind: 'metric', name })] }
      return (await chartOf(store, request)).series[0]
    }
    const folded = await read('angle')
    if (folded?.form !== 'buckets') throw new Error('many points came as they are')
    expect(folded.count).toBe(4000)
    expect(folded.columns.count.length).toBe(4)
    expect(folded.columns.firstX[0]).toBeCloseTo(-1, 3)
    expect(folded.columns.lastX.at(-1)).toBeCloseTo(1, 3)
    const seldom = await read('seldom')
    expect(seldom).toMatchObject({ count: 2000, withoutX: 2000 })
  })
})
