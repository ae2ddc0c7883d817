import { randomUUID } from 'node:crypto'
import type { Measure, Measured } from '@kiroku/core/measures'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MetricStore } from '../src/index.ts'
import { engines, nextVersion, sharedStore } from './stores.ts'

type Point = { step: number; time: number; value: number }
type Logged = Map<number, Point>

async function log(
  store: MetricStore,
  project: string,
  run: string,
  points: readonly Point[],
  to: Logged,
): Promise<void> {
  const steps = Float64Array.from(points, ({ step }) => step)
  const times = Float64Array.from(points, ({ time }) => time)
  const values = Float64Array.from(points, ({ value }) => value)
  const metrics = [{ name: 'accuracy', rows: null, values }]
  await store.insert([{ project, run, stream: 'history', version: nextVersion(), steps, times, metrics }], [])
  for (const point of points) to.set(point.step, point)
}

function recounted(logged: Logged, measure: Measure): Measured | null {
  const points = [...logged.values()].sort((a, b) => a.step - b.step)
  const finite = points.filter(({ value }) => Number.isFinite(value))
  switch (measure.kind) {
    case 'best': {
      const better = (a: number, b: number): boolean => (measure.goal === 'min' ? a < b : a > b)
      return finite.reduce<Point | null>(
        (best, point) => (best && !better(point.value, best.value) ? best : point),
        null,
      )
    }
    case 'target':
      return (
        finite.find(({ value }) =>
          measure.direction === 'atLeast' ? value >= measure.target : value <= measure.target,
        ) ?? null
      )
    case 'last': {
      const last = points.slice(-measure.count)
      const usable = last.map(({ value }) => value).filter(Number.isFinite)
      const end = last.at(-1)
      if (!end || usable.length === 0) return null
      return { value: usable.reduce((sum, value) => sum + value, 0) / usable.length, step: end.step, time: end.time }
    }
  }
}

function expectMeasured(got: Measured | null | undefined, expected: Measured | null, measure: Measure): void {
  const said = JSON.stringify(measure)
  if (expected === null) expect(got, said).toBeNull()
  else {
    expect(got?.value, said).toBeCloseTo(expected.value, 9)
    expect({ step: got?.step, time: got?.time }, said).toEqual({ step: expected.step, time: expected.time })
  }
}

/** A curve that rises with noise, in which values come again and some are not finite. */
function made(count: number, seed: number, from = 0): Point[] {
  return Array.from({ length: count }, (_, index) => {
    const step = from + index * (1 + (seed % 3))
    const noise = Math.sin(step * 12.9898 + seed) * 43758.5453
    const value = Math.round((step / 5000 + 0.2 * (noise - Math.floor(noise))) * 100) / 100
    return {
      step,
      time: 1000 + step * 10,
      value: step % 31 === 5 ? Number.NaN : step % 301 === 7 ? Number.NEGATIVE_INFINITY : value,
    }
  })
}

const measure = fc.oneof(
  fc.record({
    kind: fc.constant('best' as const),
    metric: fc.constant('accuracy'),
    goal: fc.constantFrom('min', 'max'),
  }),
  fc.record({
    kind: fc.constant('target' as const),
    metric: fc.constant('accuracy'),
    direction: fc.constantFrom('atLeast', 'atMost'),
    target: fc.constantFrom(-0.1, 0, 0.05, 0.4, 0.9, 1.1, 2, 50),
  }),
  fc.record({
    kind: fc.constant('last' as const),
    metric: fc.constant('accuracy'),
    count: fc.integer({ min: 1, max: 2000 }),
  }),
)

describe.each(engines)('measures, on the $kind engine', ({ kind, open, isMissing }) => {
  const storeOf = sharedStore({ open, isMissing })
  test.skipIf(isMissing)(
    'are what a recount gives, before and after the rollups saw the points, and when some came again',
    async () => {
      const store = storeOf()
      const scenario = fc.record({
        counts: fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 200, max: 6000 })), {
          minLength: 1,
          maxLength: 4,
        }),
        late: fc.integer({ min: 1, max: 600 }),
        measures: fc.array(measure, { minLength: 3, maxLength: 6 }),
      })
      await fc.assert(
        fc.asyncProperty(scenario, async ({ counts, late, measures }) => {
          const project = randomUUID()
          const runs = await Promise.all(
            counts.map(async (count, seed) => {
              const run = { id: randomUUID(), logged: new Map<number, Point>() }
              await log(store, project, run.id, made(count, seed), run.logged)
              return run
            }),
          )
          const check = async (): Promise<void> => {
            const answer = await store.measures({
              project,
              runs: [...runs.map(({ id }) => id), randomUUID()],
              measures,
            })
            for (const [index, { logged }] of runs.entries())
              for (const [at, one] of measures.entries())
                expectMeasured(answer[index]?.[at], recounted(logged, one), one)
            expect(answer.at(-1)).toEqual(measures.map(() => null))
          }
          await check()
          await store.roll()
          await check()
          const add = (points: (seed: number, logged: Logged) => Point[]): Promise<unknown> =>
            Promise.all(runs.map(({ id, logged }, seed) => log(store, project, id, points(seed, logged), logged)))
          await add((seed, logged) => made(late, seed + 3, Math.max(...logged.keys()) + 1))
          await check()
          await store.roll()
          await add((seed) => made(10, seed, 3))
          await check()
        }),
        { numRuns: kind === 'embedded' ? 8 : 4, endOnFailure: true },
      )
    },
    240_000,
  )

  test.skipIf(isMissing)(
    'of a long run are found in its levels',
    async () => {
      const store = storeOf()
      const [project, run] = [randomUUID(), randomUUID()]
      const count = 300_000
      const steps = Float64Array.from({ length: count }, (_, step) => step)
      // At no step before 212 345 is the value at or above that.
      const values = steps.map((step) => step - (step % 5))
      const metrics = [{ name: 'accuracy', rows: null, values }]
      await store.insert(
        [{ project, run, stream: 'history', version: nextVersion(), steps, times: steps, metrics }],
        [],
      )
      await store.roll()
      const measures: Measure[] = [
        { kind: 'target', metric: 'accuracy', direction: 'atLeast', target: 212_345 },
        { kind: 'target', metric: 'accuracy', direction: 'atLeast', target: count },
        { kind: 'best', metric: 'accuracy', goal: 'max' },
        { kind: 'last', metric: 'accuracy', count: 5 },
      ]
      expect(await store.measures({ project, runs: [run], measures })).toEqual([
        [
          { value: 212_345, step: 212_345, time: 212_345 },
          null,
          { value: count - 5, step: count - 5, time: count - 5 },
          { value: count - 5, step: count - 1, time: count - 1 },
        ],
      ])
    },
    120_000,
  )
})
