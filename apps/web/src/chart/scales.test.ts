import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hoverAt, nearestIndex } from './hover.ts'
import { prepareChart } from './prepare-chart.ts'
import { place, roundTo, valueAt, xScaleFor, yScaleFor } from './scale.ts'
import { pointSeries } from './series-factory.ts'
import { xTicks, yTicks } from './ticks.ts'

const number = fc.double({ min: -1e9, max: 1e9, noNaN: true })

describe('scales', () => {
  test('places and values are each other’s inverse', () => {
    fc.assert(
      fc.property(
        number,
        fc.double({ min: 1e-3, max: 1e9, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (from, extent, at) => {
          const scale = { kind: 'linear' as const, from, to: from + extent }
          fc.pre(extent > Math.abs(from) * 1e-6)
          expect(place(scale, valueAt(scale, at))).toBeCloseTo(at, 5)
        },
      ),
    )
    const log = { kind: 'log' as const, from: 1e-5, to: 100 }
    expect(place(log, valueAt(log, 0.3))).toBeCloseTo(0.3, 10)
    expect(place(log, 0)).toBeNaN()
  })

  test('every range of numbers makes a scale on which its ends have places', () => {
    const ends = fc.tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean())
    fc.assert(
      fc.property(ends, ends, ([one, isOneHuge], [other, isOtherHuge]) => {
        const huge = (value: number, isHuge: boolean): number => (isHuge ? Math.sign(value) * Number.MAX_VALUE : value)
        const values = [huge(one, isOneHuge), huge(other, isOtherHuge)]
        const [from, to] = [Math.min(...values), Math.max(...values)]
        const scales = [yScaleFor({ from, to }, 'linear')]
        if (from > 0) scales.push(yScaleFor({ from, to }, 'log'))
        for (const scale of scales) {
          expect(Number.isFinite(scale.from) && Number.isFinite(scale.to) && scale.from < scale.to).toBe(true)
          for (const at of [place(scale, from), place(scale, to)]) {
            expect(at).toBeGreaterThanOrEqual(0)
            expect(at).toBeLessThanOrEqual(1)
            expect(Number.isFinite(valueAt(scale, at))).toBe(true)
          }
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('values that are further apart than any number is large have places, and ticks between them', () => {
    const log = yScaleFor({ from: 1e-250, to: 1e250 }, 'log')
    expect(place(log, 1)).toBeCloseTo(0.5, 10)
    expect(place(log, valueAt(log, 0.3))).toBeCloseTo(0.3, 10)
    expect(yTicks(log, 4).length).toBeGreaterThan(3)
    const linear = yScaleFor({ from: -Number.MAX_VALUE, to: Number.MAX_VALUE }, 'linear')
    expect(place(linear, 0)).toBe(0.5)
    expect(yTicks(linear, 4).map(({ label }) => label)).toEqual(['−1e308', '0', '1e308'])
    expect(valueAt(linear, 0.75)).toBeCloseTo(Number.MAX_VALUE / 2, -300)
    expect(yTicks(yScaleFor({ from: 1, to: Number.MAX_VALUE }, 'log'), 4).length).toBeGreaterThan(3)
  })

  test('a range of no extent still makes a scale', () => {
    for (const scale of [
      xScaleFor({ from: 5, to: 5 }),
      xScaleFor({ from: Number.MAX_VALUE, to: Number.MAX_VALUE }),
      yScaleFor({ from: 0, to: 0 }, 'linear'),
      yScaleFor({ from: 3, to: 3 }, 'log'),
    ]) {
      expect(scale.from).toBeLessThan(scale.to)
      expect(scale.to).toBeLessThan(Number.POSITIVE_INFINITY)
    }
  })
})

test('a constant 0 is drawn amid ones, another constant amid its tenths', () => {
  expect(yScaleFor({ from: 0, to: 0 }, 'linear')).toMatchObject({ from: -1, to: 1 })
  expect(yScaleFor({ from: -2e-12, to: -2e-12 }, 'linear')).toMatchObject({ from: -2.2e-12, to: -1.8e-12 })
})

describe('ticks', () => {
  test('are two at least', () => {
    expect(yTicks({ kind: 'linear', from: 46.5, to: 53.2 }, 3).map(({ label }) => label)).toEqual(['48', '50', '52'])
  })

  test('of bytes stand at round numbers of binary units', () => {
    const labels = (from: number, to: number): string[] =>
      yTicks({ kind: 'linear', from, to }, 4, true).map(({ label }) => label)
    expect(labels(0, 8 * 2 ** 30)).toEqual(['0', '2 Gi', '4 Gi', '6 Gi', '8 Gi'])
    expect(labels(0.9 * 2 ** 20, 1.5 * 2 ** 20)).toEqual(['1.0 Mi', '1.2 Mi', '1.4 Mi'])
    expect(labels(0, 0.5)).toEqual(['0', '0.2', '0.4'])
  })

  test('lie in the scale, rise, are few and have different labels', () => {
    fc.assert(
      fc.property(number, fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (from, extent) => {
        fc.pre(extent > Math.abs(from) * 1e-6)
        const scale = { kind: 'linear' as const, from, to: from + extent }
        const ticks = yTicks(scale, 5)
        expect(ticks.length).toBeLessThanOrEqual(6)
        expect(new Set(ticks.map((tick) => tick.label)).size).toBe(ticks.length)
        for (const { value } of ticks) {
          expect(place(scale, value)).toBeGreaterThan(-1e-6)
          expect(place(scale, value)).toBeLessThan(1 + 1e-6)
        }
      }),
    )
  })

  test('read well', () => {
    const labels = (from: number, to: number): string[] =>
      yTicks({ kind: 'linear', from, to }, 4).map((tick) => tick.label)
    expect(labels(0, 1)).toEqual(['0', '0.5', '1.0'])
    expect(labels(0, 24_000)).toEqual(['0', '10 k', '20 k'])
    expect(labels(0, 12_000)).toEqual(['0', '5 k', '10 k'])
    expect(labels(0, 2_400_000)).toEqual(['0', '1 M', '2 M'])
    expect(labels(1_000_000, 1_002_000)).toEqual(['1.0000 M', '1.0005 M', '1.0010 M', '1.0015 M', '1.0020 M'])
    expect(labels(-1, 1)).toEqual(['−1.0', '−0.5', '0', '0.5', '1.0'])
    expect(yTicks({ kind: 'log', from: 1e-6, to: 1 }, 4).map((tick) => tick.label)).toEqual([
      '1e-6',
      '0.0001',
      '0.01',
      '1',
    ])
    const minutes = xTicks({ kind: 'relative' }, { kind: 'linear', from: 0, to: 600_000 }, 5)
    expect(minutes.map((tick) => tick.label)).toEqual(['0', '2 m', '4 m', '6 m', '8 m', '10 m'])
    const steps = xTicks({ kind: 'step' }, { kind: 'linear', from: 0, to: 2 }, 5)
    expect(steps.map((tick) => tick.label)).toEqual(['0', '1', '2'])
    const clock = new Date(2026, 10, 3, 10, 0).getTime()
    const wall = xTicks({ kind: 'time' }, { kind: 'linear', from: clock, to: clock + 3_600_000 }, 4)
    expect(wall.map((tick) => tick.label)).toEqual(['10:00', '10:15', '10:30', '10:45', '11:00'])
  })
})

describe('hovering', () => {
  test('finds the nearest x as a scan would', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1 }),
        fc.integer({ min: -10, max: 1010 }),
        (values, target) => {
          const xs = Float64Array.from(values.toSorted((one, other) => one - other))
          const nearest = Math.min(...xs.map((x) => Math.abs(x - target)))
          expect(Math.abs((xs[nearestIndex(xs, target)] ?? Number.NaN) - target)).toBe(nearest)
        },
      ),
    )
  })

  test('rows come highest first with NaN last, and the one nearest to the pointer is known', () => {
    const series = [
      pointSeries([1, 1], { run: 'low' }),
      pointSeries([9, 9], { run: 'high' }),
      pointSeries([Number.NaN, Number.NaN], { run: 'none' }),
    ]
    const looks = ['low', 'none', 'high'].map((run) => ({ run, name: run, color: '#000000' }))
    const model = prepareChart({
      answer: { range: { from: 0, to: 1 }, series },
      looks,
      range: null,
      smoothing: 0,
      yKind: 'linear',
      fallbackAxis: { kind: 'step' },
    })
    const hover = hoverAt(model, 0.9, 0.95)
    expect(hover?.rows.map((row) => row.line.run)).toEqual(['high', 'low', 'none'])
    expect(hover?.rows.map((row) => row.x)).toEqual([1, 1, 1])
    expect(hover?.nearest.line.run).toBe('high')
    expect(hoverAt(model, 0.9, 0.1)?.nearest.line.run).not.toBe('high')
  })

  test('over a smoothed line both heights are told, and the smoothed one is what is pointed at', () => {
    const model = prepareChart({
      answer: { range: { from: 0, to: 2 }, series: [pointSeries([0, 0, 9], { run: 'a' })] },
      looks: [{ run: 'a', name: 'a', color: '#000000' }],
      range: null,
      smoothing: 0.9,
      yKind: 'linear',
      fallbackAxis: { kind: 'step' },
    })
    const row = hoverAt(model, 2, 0)?.nearest
    expect(row?.y).toBe(9)
    expect(row?.smoothed).toBeGreaterThan(0)
    expect(row?.smoothed).toBeLessThan(9)
  })

  test('a line that ended before the cursor is not under it', () => {
    const series = [
      pointSeries([1, 2], { run: 'short' }),
      pointSeries(
        Array.from({ length: 100 }, () => 5),
        { run: 'long' },
      ),
    ]
    const looks = ['short', 'long'].map((run) => ({ run, name: run, color: '#000000' }))
    const model = prepareChart({
      answer: { range: { from: 0, to: 99 }, series },
      looks,
      range: null,
      smoothing: 0,
      yKind: 'linear',
      fallbackAxis: { kind: 'step' },
    })
    expect(hoverAt(model, 50, 0.5)?.rows.map((row) => row.line.run)).toEqual(['long'])
  })
})

test('a range is rounded to what a screen tells apart, and never to nothing', () => {
  expect(roundTo({ from: 119.80000000000001, to: 239.60000000000002 }, 0.2)).toEqual({ from: 119.8, to: 239.6 })
  expect(roundTo({ from: 123_456.7, to: 987_654.3 }, 250)).toEqual({ from: 123_500, to: 987_700 })
  expect(roundTo({ from: 1, to: 1.0001 }, 0.1)).toEqual({ from: 1, to: 1.0001 })
})
