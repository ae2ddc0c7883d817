import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MetricTracker } from './metric-tracker.ts'
import { sparkline, thinned } from './sparkline.ts'

describe('sparkline', () => {
  it.each([
    [[0.5, 1.2, 3.5, 7.3, 8, 12.5, 13.2, 15, 14.2, 11.8, 6.1, 1.9], '▁▁▂▄▅▇▇██▆▄▂'],
    [[1, 1, -2, 3, -5, 8, -13], '▆▆▅▆▄█▁'],
    [[2, 2, 2], '▁▁▁'],
    [[1, Number.NaN, 2, Number.POSITIVE_INFINITY], '▁ █ '],
    [[Number.NaN], ' '],
    [[], ''],
  ])('draws %j', (values, line) => {
    expect(sparkline(values)).toBe(line)
  })
})

describe('thinned', () => {
  it('keeps the first, the last and the order, and never more than asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.integer({ min: 2, max: 50 }), (values, count) => {
        const kept = thinned(values, count)
        expect(kept).toHaveLength(Math.min(values.length, count))
        expect([kept[0], kept.at(-1)]).toEqual([values[0], values.at(-1)])
      }),
    )
  })
})

describe('MetricTracker', () => {
  it('keeps an even course that ends with the last value, and the totals of all', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), (count) => {
        const tracker = new MetricTracker()
        for (let value = 0; value < count; value++) tracker.add(value)
        const { course, totals } = tracker
        expect(course[0]).toBe(0)
        expect(course.at(-1)).toBe(count - 1)
        expect(course.length).toBeLessThanOrEqual(97)
        const gaps = new Set(course.slice(1, -1).map((value, index) => value - (course[index] ?? 0)))
        expect(gaps.size).toBeLessThanOrEqual(1)
        expect(totals).toMatchObject({ count, min: 0, max: count - 1, sum: (count * (count - 1)) / 2 })
      }),
    )
  })

  it('counts NaN and passes over it', () => {
    const tracker = new MetricTracker()
    for (const value of [Number.NaN, 2, Number.NaN, Number.NEGATIVE_INFINITY]) tracker.add(value)
    expect(tracker.totals).toMatchObject({
      count: 4,
      finiteCount: 1,
      nanCount: 2,
      first: Number.NaN,
      last: Number.NEGATIVE_INFINITY,
      min: Number.NEGATIVE_INFINITY,
      max: 2,
    })
    expect(new MetricTracker().totals).toMatchObject({ count: 0, first: null, last: null, min: null, max: null })
  })
})
