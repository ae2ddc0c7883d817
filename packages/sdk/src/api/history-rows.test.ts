import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type MetricColumn, mergeColumns, runtimeAt, within } from './history-rows.ts'

/** Columns of a few metrics over shared steps; each value tells its metric and step. */
const columns = fc
  .array(fc.uniqueArray(fc.integer({ min: -20, max: 20 }), { maxLength: 15 }), { maxLength: 5 })
  .map((metrics) =>
    metrics.map((unsorted, metric): MetricColumn => {
      const steps = unsorted.sort((a, b) => a - b)
      return {
        name: `m${metric}`,
        steps: Float64Array.from(steps),
        times: steps.map((step) => step * 10 + metric),
        values: steps.map((step) => `${metric}@${step}`),
      }
    }),
  )

describe('3.4 rows of the history', () => {
  it('have every value once, at its step, by rising steps', () => {
    fc.assert(
      fc.property(columns, (all) => {
        const rows = [...mergeColumns(all)]
        const steps = rows.map(({ step }) => step)
        expect(steps).toEqual(
          [...new Set(all.flatMap((column) => [...Array.from(column.steps)]))].sort((a, b) => a - b),
        )
        const seen = rows.flatMap(({ step, values }) => values.map(([name, value]) => `${name}: ${value} in ${step}`))
        const expected = all.flatMap(({ name, steps: own, values }) =>
          Array.from(own, (step, index) => `${name}: ${values[index]} in ${step}`),
        )
        expect(seen.sort()).toEqual(expected.sort())
        for (const { time, step, values } of rows) {
          const metrics = values.map(([name]) => Number(name.slice(1)))
          expect(time).toBe(step * 10 + Math.max(...metrics))
        }
      }),
    )
  })

  it('are cut at both ends, which are in', () => {
    const range = fc.tuple(fc.integer({ min: -25, max: 25 }), fc.integer({ min: -25, max: 25 }))
    fc.assert(
      fc.property(columns, range, (all, [minStep, maxStep]) => {
        for (const column of all) {
          const part = within(column, { minStep, maxStep })
          const expected = Array.from(column.steps).filter((step) => step >= minStep && step <= maxStep)
          expect(Array.from(part.steps)).toEqual(expected)
          expect(Array.from(part.values)).toEqual(expected.map((step) => `${column.name.slice(1)}@${step}`))
          expect(part.times.length).toBe(expected.length)
        }
      }),
    )
  })
})

describe('4.5 the runtime of a row', () => {
  const segments = [
    { startedAt: 10_000, runtimeBeforeMs: 0 },
    { startedAt: 50_000, runtimeBeforeMs: 8_000 },
  ]

  it.each([
    [10_000, 0],
    [12_500, 2.5],
    [49_999, 39.999],
    [50_000, 8],
    [51_000, 9],
    [9_000, -1],
  ])('at %i is %d s', (time, seconds) => {
    expect(runtimeAt(time, segments)).toBe(seconds)
  })

  it('is 0 where nothing is known', () => {
    expect(runtimeAt(5, [])).toBe(0)
  })
})
