import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Observation } from './bayes-search.ts'
import { expectedRuns, nextPoint, readSweepConfig } from './next-point.ts'
import { placeOf, valueAt } from './parameter-distributions.ts'
import { seededRandom } from './seeded-random.ts'
import type { SweepConfig } from './sweep-config.ts'
import { valueIn } from './sweep-parameters.ts'

const bounds = (least: number, most: number) =>
  fc
    .tuple(fc.double({ min: least, max: most, noNaN: true }), fc.double({ min: least, max: most, noNaN: true }))
    .map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b) }))
const whole = fc
  .tuple(fc.integer({ min: -20, max: 20 }), fc.integer({ min: 0, max: 5 }))
  .map(([min, more]) => ({ min, max: min + more }))
const values = fc.uniqueArray(fc.oneof(fc.integer(), fc.string(), fc.boolean()), {
  minLength: 1,
  maxLength: 4,
  selector: (value) => JSON.stringify(value),
})
const countable = fc.oneof(
  values.map((list) => ({ values: list })),
  whole,
  whole.map(({ min, max }) => ({ min: min / 4, max: max / 4, q: 0.25, distribution: 'q_uniform' })),
  fc.integer().map((value) => ({ value })),
)
const continuous = fc.oneof(
  bounds(-10, 10).map((both) => ({ ...both, distribution: 'uniform' })),
  bounds(-10, 10).map((both) => ({ ...both, distribution: 'log_uniform' })),
  bounds(1e-6, 10).map((both) => ({ ...both, distribution: 'log_uniform_values' })),
  bounds(1e-6, 10).map((both) => ({ ...both, distribution: 'inv_log_uniform_values' })),
  fc.record({ mu: fc.integer({ min: -5, max: 5 }), sigma: fc.integer({ min: 1, max: 3 }) }),
)
const parametersOf = (entry: fc.Arbitrary<object>) =>
  fc.array(entry, { minLength: 1, maxLength: 4 }).map((entries) => {
    const named = Object.fromEntries(entries.map((one, index) => [`p${index}`, one]))
    return { outer: { parameters: named }, fixed: { value: 'here' } }
  })

/** That a point has a value of each parameter that the parameter may have. */
function expectInSpace(config: SweepConfig, point: NonNullable<ReturnType<typeof nextPoint>>): void {
  for (const parameter of config.parameters) {
    const value = valueIn(point, parameter)
    const { distribution } = parameter
    if (distribution.kind === 'constant') expect(value).toBe(distribution.value)
    else if (distribution.kind === 'categorical') expect(distribution.values).toContainEqual(value)
    else {
      const bounded = distribution.kind === 'integer' ? distribution : distribution.spread
      expect(Number.isFinite(value)).toBe(true)
      if (distribution.kind === 'integer') expect(Number.isInteger(value)).toBe(true)
      if ('min' in bounded) {
        expect(value).toBeGreaterThanOrEqual(bounded.min)
        expect(value).toBeLessThanOrEqual(bounded.max)
      }
    }
  }
}

describe('the next point of a sweep', () => {
  it('goes through every combination of a grid exactly once', () => {
    fc.assert(
      fc.property(parametersOf(countable), fc.integer(), (parameters, seed) => {
        const config = readSweepConfig({ method: 'grid', parameters })
        const size = expectedRuns(config) ?? 0
        const at = (number: number) => nextPoint(config, { seed, number, observations: [] })
        const points = Array.from({ length: Math.min(size, 500) }, (_, number) => at(number))
        expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(points.length)
        for (const point of points) expectInSpace(config, point ?? {})
        expect(at(size)).toBeNull()
      }),
      { numRuns: 60 },
    )
  })

  it.each(['random', 'bayes'])('lies in the space (%s), and follows from seed and number', (method) => {
    fc.assert(
      fc.property(parametersOf(fc.oneof(countable, continuous)), fc.integer(), (parameters, seed) => {
        const config = readSweepConfig({ method, metric: { name: 'loss' }, parameters })
        const observations: Observation[] = []
        for (let number = 0; number < 8; number++) {
          const point = nextPoint(config, { seed, number, observations })
          expect(nextPoint(config, { seed, number, observations })).toEqual(point)
          expectInSpace(config, point ?? {})
          const seen = config.parameters.map((parameter) => valueIn(point ?? {}, parameter))
          observations.push({ values: seen, value: [number * 1.5, -number, null, undefined][number % 4] })
        }
      }),
      { numRuns: 12 },
    )
  })

  it('goes on learning by belief when one run diverged to the largest numbers there are, and among many categories', () => {
    const names = Array.from({ length: 300 }, (_, index) => `name ${index}`)
    const config = readSweepConfig({
      method: 'bayes',
      metric: { name: 'y' },
      parameters: { x: { min: 0.0001, max: 10 }, name: { values: names } },
    })
    const observations: Observation[] = []
    for (let number = 0; number < 25; number++) {
      const { x, name } = nextPoint(config, { seed: 3, number, observations }) ?? {}
      observations.push({ values: [x, name], value: number === 4 ? 1e200 : (Number(x) - 7) ** 2 })
    }
    const late = observations.slice(15).map(({ values: [x] }) => Number(x))
    expect(new Set(late).size).toBe(late.length)
    expect(late.filter((x) => Math.abs(x - 7) < 1).length).toBeGreaterThan(5)
  })

  it('finds the minimum of the Branin function sooner by belief than at random', () => {
    const config = (method: string) =>
      readSweepConfig({
        method,
        metric: { name: 'y' },
        parameters: { x: { min: -5.0001, max: 10 }, y: { min: 0.0001, max: 15 } },
      })
    const branin = (x: number, y: number): number =>
      (y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6) ** 2 +
      10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) +
      10
    const search = (method: string, seed: number): number => {
      const observations: Observation[] = []
      for (let number = 0; number < 30; number++) {
        const { x, y } = nextPoint(config(method), { seed, number, observations }) ?? {}
        observations.push({ values: [x, y], value: branin(Number(x), Number(y)) })
      }
      return Math.min(...observations.map(({ value }) => value ?? Number.POSITIVE_INFINITY))
    }
    const seeds = [1, 2, 3, 4, 5]
    const found = (method: string) => seeds.map((seed) => search(method, seed)).sort((a, b) => a - b)
    const [bayes, random] = [found('bayes'), found('random')]
    expect(bayes[2]).toBeLessThan(random[2] ?? 0)
    // The minimum is 0.3979.
    expect(bayes[2]).toBeLessThan(0.45)
    expect(bayes[4]).toBeLessThan(1)
  })

  it('maximizes, and avoids where runs ended without a value', () => {
    const config = readSweepConfig({
      method: 'bayes',
      metric: { name: 'y', goal: 'maximize' },
      parameters: { kind: { values: ['bad', 'good', 'fails'] }, x: { min: 0.0001, max: 1 } },
    })
    const observations: Observation[] = []
    const kinds: unknown[] = []
    for (let number = 0; number < 24; number++) {
      const { kind, x } = nextPoint(config, { seed: 3, number, observations }) ?? {}
      kinds.push(kind)
      const value = kind === 'fails' ? null : (kind === 'good' ? 1 : 0) - (Number(x) - 0.7) ** 2
      observations.push({ values: [kind, x], value })
    }
    const late = kinds.slice(10)
    expect(late.filter((kind) => kind === 'good').length).toBeGreaterThan(late.length * 0.7)
    expect(Math.max(...observations.map(({ value }) => value ?? -9))).toBeGreaterThan(0.99)
  })

  it('does not propose what a run is trying at this moment', () => {
    const config = readSweepConfig({
      method: 'bayes',
      metric: { name: 'y' },
      parameters: { x: { min: 0.0001, max: 1 } },
    })
    const seen: Observation[] = [0.1, 0.3, 0.6, 0.9].map((x) => ({ values: [x], value: (x - 0.5) ** 2 }))
    const first = nextPoint(config, { seed: 1, number: 9, observations: seen })
    const going: Observation = { values: [first?.['x']], value: undefined }
    const second = nextPoint(config, { seed: 1, number: 9, observations: [...seen, going] })
    expect(second).not.toEqual(first)
  })
})

describe('a distribution', () => {
  it('has a value at each place, which lies there', () => {
    const config = readSweepConfig({
      method: 'random',
      parameters: {
        a: { min: 2.5, max: 9.25 },
        b: { min: 1e-6, max: 10, distribution: 'log_uniform_values' },
        c: { mu: 3, sigma: 2 },
        d: { mu: 1, sigma: 0.5, distribution: 'log_normal' },
      },
    })
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), (u) => {
        for (const { distribution } of config.parameters)
          expect(placeOf(distribution, valueAt(distribution, u))).toBeCloseTo(u, 6)
      }),
    )
  })

  it('spreads as it says', () => {
    const random = seededRandom(7)
    const draw = (entry: object) => {
      const [parameter] = readSweepConfig({ method: 'random', parameters: { x: entry } }).parameters
      const { distribution } = parameter ?? { distribution: { kind: 'constant', value: 0 } as const }
      return Array.from({ length: 4000 }, () => Number(valueAt(distribution, random())))
    }
    const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length
    expect(mean(draw({ min: 0, max: 10 }))).toBeCloseTo(5, 0)
    expect(mean(draw({ mu: 3, sigma: 2 }))).toBeCloseTo(3, 0)
    expect(mean(draw({ min: 0.001, max: 1000, distribution: 'log_uniform_values' }).map(Math.log10))).toBeCloseTo(0, 0)
    const shares = draw({ values: [0, 1, 2], probabilities: [0.7, 0, 0.3] })
    expect(shares.filter((value) => value === 0).length / 4000).toBeCloseTo(0.7, 1)
    expect(shares).not.toContain(1)
  })
})
