import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shapeOf } from './lines.ts'
import { bucketSeries, pointSeries } from './series-factory.ts'

/** A curve that falls and wavers, with noise of a tenth of its height. */
function curve(count: number, seed: number): number[] {
  let state = seed
  return Array.from({ length: count }, (_, index) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    const at = index / count
    return Math.exp(-3 * at) + 0.1 * Math.sin(20 * at) + 0.1 * (state / 2 ** 32 - 0.5)
  })
}

function smoothedAt(shape: ReturnType<typeof shapeOf>): { x: Float64Array; y: Float64Array } {
  if (shape.center === null) throw new Error('nothing was smoothed')
  return shape.center
}

describe('smoothing', () => {
  test('of buckets is what that of all their points gives, however they are cut', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0.8, 0.9, 0.97, 0.99),
        fc.constantFrom(200, 500, 1000),
        fc.integer({ min: 1, max: 1e9 }),
        (weight, count, seed) => {
          const values = curve(20_000, seed)
          const whole = smoothedAt(shapeOf(pointSeries(values), weight, values.length - 1))
          const cut = smoothedAt(shapeOf(bucketSeries(values, count), weight, values.length - 1))
          cut.x.forEach((x, index) => {
            // The first points of an average have nothing behind them.
            if (index < 3) return
            const exact = ((whole.y[Math.floor(x)] ?? 0) + (whole.y[Math.ceil(x)] ?? 0)) / 2
            expect(Math.abs((cut.y[index] ?? 0) - exact)).toBeLessThan(0.04)
          })
        },
      ),
      { numRuns: 15 },
    )
  })

  test('of buckets of one point each is that of the points', () => {
    const values = curve(300, 7)
    const whole = smoothedAt(shapeOf(pointSeries(values), 0.9, 299))
    const cut = smoothedAt(shapeOf(bucketSeries(values, 10_000), 0.9, 299))
    expect([...cut.y].map((y) => y.toFixed(9))).toEqual([...whole.y].map((y) => y.toFixed(9)))
  })

  test('passes over what is not finite and a bucket weighs as much as it has finite points', () => {
    const values = [1, Number.NaN, 1, 1, Number.NaN, Number.NaN, Number.NaN, 9]
    const { y } = smoothedAt(shapeOf(bucketSeries(values, 2), 0.99, 0))
    // Three points of 1 against one of 9.
    expect(y[0]).toBeCloseTo(1, 9)
    expect(y[1]).toBeGreaterThan(2.9)
    expect(y[1]).toBeLessThan(3.3)
    expect(smoothedAt(shapeOf(bucketSeries([Number.NaN, Number.NaN], 1), 0.9, 0)).y[0]).toBeNaN()
  })
})
