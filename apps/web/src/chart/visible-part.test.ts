import { seriesRequestSchema } from '@kiroku/core/series'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shapeOf } from './lines.ts'
import { prepareChart } from './prepare-chart.ts'
import { bucketSeries, pointSeries } from './series-factory.ts'
import { visiblePart, widestFor, withMargin } from './visible-part.ts'

const partOf = (series: Parameters<typeof shapeOf>[0], from: number, to: number) =>
  visiblePart(shapeOf(series, 0, to - from), series, { from, to })

describe('visiblePart', () => {
  test('holds the points in view, and the heights at which the line comes in and leaves', () => {
    const part = partOf(pointSeries([0, 10, 20, 10, 0]), 0.5, 2.5)
    expect([...part.points.x]).toEqual([1, 2])
    expect(part).toMatchObject({ count: 2, yRange: { from: 10, to: 20 }, edges: { from: 5, to: 15 } })
  })

  test('a line that only passes through has edges and no points; one that ended before has neither', () => {
    expect(partOf(pointSeries([0, 10]), 0.2, 0.4)).toMatchObject({ count: 0, yRange: null, edges: { from: 2, to: 4 } })
    expect(partOf(pointSeries([0, 10]), 1.2, 1.4)).toMatchObject({ count: 0, edges: null })
  })

  test('what is not finite counts and marks only where it is in view, and a gap has no edge', () => {
    const series = pointSeries([Number.NaN, 1, Number.POSITIVE_INFINITY, 2, Number.NaN, 3])
    const part = partOf(series, 1, 4)
    expect(part).toMatchObject({ count: 4, nanCount: 1, infinityCount: 1, edges: { from: 1, to: 1 } })
    expect(part.marks.map(({ x }) => x)).toEqual([2, 4])
  })

  test('of any view it counts the points that are there', () => {
    const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(values, fc.double({ min: -5, max: 65, noNaN: true }), fc.nat(30), (y, from, extent) => {
        const part = partOf(pointSeries(y), from, from + extent)
        const inside = y.filter((_, x) => x >= from && x <= from + extent)
        expect(part.count).toBe(inside.length)
        expect([...part.points.y]).toEqual(inside)
        expect(part.yRange).toEqual(inside.length === 0 ? null : { from: Math.min(...inside), to: Math.max(...inside) })
      }),
    )
  })

  test('of buckets it counts those that reach into the view', () => {
    const series = bucketSeries(
      Array.from({ length: 100 }, (_, index) => index),
      10,
    )
    expect(partOf(series, 25, 44)).toMatchObject({ count: 30, yRange: { from: 29, to: 40 } })
  })
})

test('a margin widens range and width alike', () => {
  expect(withMargin({ from: 10, to: 20 }, 640)).toEqual({ range: { from: 7.5, to: 22.5 }, width: 960 })
})

test('many series are asked for at a width that one request may have, zoomed too', () => {
  for (const count of [1, 20, 82, 500, 2000]) {
    const { width } = withMargin({ from: 0, to: 1 }, widestFor(count))
    const series = Array.from({ length: count }, () => ({ run: 'run-a', metric: 'loss', stream: 'history' as const }))
    const asked = { organization: 'local', project: 'demo', series, width }
    expect(seriesRequestSchema.safeParse(asked).success).toBe(true)
  }
})

test('a zoomed chart shows the line between two points that are both out of view', () => {
  const model = prepareChart({
    answer: { range: { from: 0, to: 3 }, series: [pointSeries([1, 2, 4])] },
    looks: [{ run: 'run-a', name: 'a', color: '#000000' }],
    range: { from: 1.25, to: 1.75 },
    smoothing: 0,
    yKind: 'linear',
    fallbackAxis: { kind: 'step' },
  })
  expect(model.lines).toHaveLength(1)
  expect(model.y.from).toBeLessThan(2.5)
  expect(model.y.to).toBeGreaterThan(3.5)
  expect(model.badge?.explanation).toContain('No point is in view')
})
