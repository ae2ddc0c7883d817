import { describe, expect, test } from 'vitest'
import { ratesOf, scaled } from './rates.ts'
import { bucketSeries, pointSeries } from './series-factory.ts'

describe('5.6 counters of the machine', () => {
  test('are shown as what they grew by in a second, each point from the one before', () => {
    const rates = ratesOf(pointSeries([0, 10, 10, 40], { x: [0, 2, 3, 5] }))
    expect(rates.form === 'points' && [[...rates.columns.x], [...rates.columns.y]]).toEqual([
      [2, 3, 5],
      [5, 0, 15],
    ])
    expect(rates.count).toBe(3)
  })

  test('that began anew, or are not numbers, have no rate there', () => {
    const rates = ratesOf(pointSeries([50, 60, 5, 7, Number.NaN, 9]))
    expect(rates.form === 'points' && [[...rates.columns.x], [...rates.columns.y]]).toEqual([
      [1, 3],
      [10, 2],
    ])
  })

  test('in buckets have the rate between their last points, where x is time', () => {
    const counter = Array.from({ length: 100 }, (_, index) => index * 3)
    const cut = bucketSeries(counter, 10)
    const rates = ratesOf({ ...cut, x: { kind: 'relative' } })
    if (rates.form !== 'buckets') throw new Error('the form changed')
    for (const rate of rates.columns.lastY) expect(rate).toBeCloseTo(3000, 6)
    expect(rates.columns.count.length).toBe(cut.columns.count.length - 1)
    expect(rates.columns.sum[0]).toBeCloseTo(3000 * (rates.columns.count[0] ?? 0), 6)
    expect(ratesOf(cut).count).toBe(0)
  })
})

test('values in another unit keep their places', () => {
  const points = scaled(pointSeries([1, 2]), 1024)
  expect(points.form === 'points' && [...points.columns.y]).toEqual([1024, 2048])
  const cut = scaled(bucketSeries([1, 2, 3, 4], 2), 2)
  expect(
    cut.form === 'buckets' && [cut.columns.firstY[0], Math.max(...cut.columns.maxY), cut.columns.firstX[0]],
  ).toEqual([2, 8, 0])
})
