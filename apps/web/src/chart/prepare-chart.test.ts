import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shapeOf } from './lines.ts'
import { type PrepareChartOptions, prepareChart } from './prepare-chart.ts'
import { bucketSeries, pointSeries } from './series-factory.ts'

const look = (run: string) => ({ run, name: run, color: '#000000' })

const options = (given: Partial<PrepareChartOptions>): PrepareChartOptions => ({
  answer: { range: null, series: [] },
  looks: [look('run-a')],
  range: null,
  smoothing: 0,
  yKind: 'linear',
  fallbackAxis: { kind: 'step' },
  ...given,
})

const finiteOrNot = fc.oneof(
  { weight: 8, arbitrary: fc.double({ noDefaultInfinity: true, noNaN: true, min: -1e6, max: 1e6 }) },
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
)

describe('shapeOf', () => {
  test('points are drawn as they are; what is not finite is a gap and a mark', () => {
    const shape = shapeOf(pointSeries([1, Number.NaN, 3, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]), 0, 4)
    expect([...shape.line.y]).toEqual([1, Number.NaN, 3, Number.NaN, Number.NaN])
    expect(shape.marks).toEqual([
      { kind: 'nan', x: 1, y: 1 },
      { kind: 'positive-infinity', x: 3, y: 3 },
      { kind: 'negative-infinity', x: 4, y: 3 },
    ])
    expect([shape.nanCount, shape.infinityCount]).toEqual([1, 2])
    expect(shape.yRange).toEqual({ from: 1, to: 3 })
  })

  test('a cross before the first finite value stands at its height', () => {
    expect(shapeOf(pointSeries([Number.NaN, 7]), 0, 1).marks).toEqual([{ kind: 'nan', x: 0, y: 7 }])
  })

  test('the line of buckets rises in x and keeps every bucket’s first, lowest, highest and last point', () => {
    fc.assert(
      fc.property(
        fc.array(finiteOrNot, { minLength: 2, maxLength: 300 }),
        fc.integer({ min: 1, max: 20 }),
        (y, count) => {
          const series = bucketSeries(y, count)
          const { line, yRange, nanCount, infinityCount } = shapeOf(series, 0, y.length)
          for (let index = 1; index < line.x.length; index++)
            expect(line.x[index]).toBeGreaterThanOrEqual(line.x[index - 1] ?? 0)
          const finite = y.filter(Number.isFinite)
          expect(yRange).toEqual(finite.length === 0 ? null : { from: Math.min(...finite), to: Math.max(...finite) })
          expect(nanCount).toBe(y.filter(Number.isNaN).length)
          expect(nanCount + infinityCount).toBe(y.length - finite.length)
          for (const [index, x] of line.x.entries())
            if (Number.isFinite(line.y[index])) expect(y[x]).toBe(line.y[index])
          expect(finite.length === 0 || [...line.y].includes(finite[0] ?? 0)).toBe(true)
          expect(finite.length === 0 || [...line.y].includes(finite.at(-1) ?? 0)).toBe(true)
        },
      ),
    )
  })

  test('a bucket with nothing finite interrupts the line', () => {
    const { line } = shapeOf(bucketSeries([1, 2, Number.NaN, Number.NaN, 3, 4], 3), 0, 5)
    expect([...line.y]).toEqual([1, 2, Number.NaN, 3, 4])
  })
})

test('in front of buckets stands the mean of their finite values, in front of exact points nothing', () => {
  const cut = shapeOf(bucketSeries([1, 3, Number.NaN, 5, Number.NaN, Number.NaN], 3), 0, 5)
  expect([...(cut.center?.y ?? [])]).toEqual([2, 5, Number.NaN])
  expect(shapeOf(pointSeries([1, 3]), 0, 1).center).toBeNull()
})

describe('smoothing', () => {
  test('it is debiased: a constant stays what it is, from its first point on', () => {
    const { center } = shapeOf(pointSeries([5, 5, 5, 5]), 0.9, 3)
    for (const value of center?.y ?? []) expect(value).toBeCloseTo(5, 12)
  })

  test('it stays within the range of the values and passes over what is not finite', () => {
    fc.assert(
      fc.property(
        fc.array(finiteOrNot, { minLength: 2, maxLength: 100 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (y, weight) => {
          const { center, yRange } = shapeOf(pointSeries(y), weight, y.length)
          const slack = 1e-6
          y.forEach((value, index) => {
            const at = center?.y[index] ?? Number.NaN
            expect(Number.isFinite(at)).toBe(Number.isFinite(value))
            if (yRange !== null && Number.isFinite(value)) {
              expect(at).toBeGreaterThanOrEqual(yRange.from - slack)
              expect(at).toBeLessThanOrEqual(yRange.to + slack)
            }
          })
        },
      ),
    )
  })

  test('a long gap forgets more of the past than a short one', () => {
    const near = shapeOf(pointSeries([0, 0, 0, 10], { x: [0, 1, 2, 3] }), 0.9, 3).center?.y[3] ?? 0
    const far = shapeOf(pointSeries([0, 0, 0, 10], { x: [0, 1, 2, 100] }), 0.9, 3).center?.y[3] ?? 0
    expect(far).toBeGreaterThan(near)
  })
})

describe('prepareChart', () => {
  test('exact while all lines are points; otherwise it says how many points a pixel stands for', () => {
    const exact = prepareChart(options({ answer: { range: { from: 0, to: 2 }, series: [pointSeries([1, 2, 3])] } }))
    expect(exact.badge).toMatchObject({ isExact: true, label: 'exact' })
    const y = Array.from({ length: 1000 }, (_, index) => index)
    const cut = prepareChart(options({ answer: { range: { from: 0, to: 999 }, series: [bucketSeries(y, 10)] } }))
    expect(cut.badge).toMatchObject({ isExact: false, label: '1 : 100' })
    expect(cut.badge?.explanation).toContain('1 000 points')
  })

  test('draws the runs asked for, in their order, and no empty one', () => {
    const series = [pointSeries([1], { run: 'a' }), pointSeries([2], { run: 'b' }), pointSeries([], { run: 'c' })]
    const looks = [look('c'), look('b'), look('a'), look('unknown')]
    const model = prepareChart(options({ answer: { range: { from: 0, to: 0 }, series }, looks }))
    expect(model.lines.map((line) => line.run)).toEqual(['b', 'a'])
  })

  test('the x range is the zoom, else what is drawn', () => {
    const answer = { range: { from: 0, to: 9 }, series: [pointSeries([1, 2, 3])] }
    expect(prepareChart(options({ answer })).x).toMatchObject({ from: 0, to: 2 })
    expect(prepareChart(options({ answer, range: { from: 0.5, to: 1.5 } })).x).toMatchObject({ from: 0.5, to: 1.5 })
  })

  test('a log axis begins at the lowest value above 0 and says what it leaves out', () => {
    const answer = { range: { from: 0, to: 2 }, series: [pointSeries([0, 0.1, 10])] }
    const model = prepareChart(options({ answer, yKind: 'log' }))
    expect(model.y.from).toBeGreaterThan(0)
    expect(model.y.from).toBeLessThan(0.1)
    expect(model.notes).toEqual(['Values of 0 and below cannot be drawn on a log axis.'])
  })

  test('tells points without x, even where nothing else is drawn', () => {
    const answer = { range: null, series: [pointSeries([], { withoutX: 12 })] }
    const model = prepareChart(options({ answer, fallbackAxis: { kind: 'metric', name: 'epoch' } }))
    expect(model.notes).toEqual(['12 points were logged without epoch and cannot be drawn here.'])
    expect(model.badge).toBeNull()
  })

  test('runs that bind a metric to different axes are told apart', () => {
    const bound = { ...pointSeries([1], { run: 'b' }), x: { kind: 'metric' as const, name: 'epoch' } }
    const answer = { range: { from: 0, to: 1 }, series: [pointSeries([1], { run: 'a' }), bound] }
    const model = prepareChart(options({ answer, looks: [look('a'), look('b')] }))
    expect(model.axisLabel).toBe('_step / epoch')
    expect(model.notes).toHaveLength(1)
  })
})
