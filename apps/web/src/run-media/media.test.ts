import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { barsOf, extentOf, sharesOf } from './histograms.ts'
import { heldAt, shownIndex } from './step-choice.ts'
import { nextTableSort, tableRows } from './table-rows.ts'

describe('the step that is shown', () => {
  const steps = [0, 10, 20, 30]

  test('is the latest until the reader holds one, and again when they move to the end', () => {
    expect(shownIndex(steps, undefined)).toBe(3)
    expect(shownIndex([...steps, 40], undefined)).toBe(4)
    expect(shownIndex([...steps, 40], heldAt(steps, 1))).toBe(1)
    expect(heldAt(steps, 3)).toBeUndefined()
    expect(heldAt(steps, -1)).toBe(0)
  })

  test('is the last one before where a held step has no value', () => {
    expect(shownIndex(steps, 15)).toBe(1)
    expect(shownIndex(steps, 99)).toBe(3)
    expect(shownIndex(steps, -5)).toBe(0)
    expect(shownIndex([], undefined)).toBe(-1)
  })
})

describe('a histogram', () => {
  test('has bars whose heights are densities', () => {
    expect(barsOf({ values: [2, 2], bins: [0, 1, 3] }).map(({ height }) => height)).toEqual([1, 0.5])
    expect(barsOf({ values: [5], bins: [2, 2] })).toEqual([{ from: 2, to: 2, count: 5, height: 1 }])
    expect(barsOf({ values: [0, 0], bins: [0, 1, 2] }).map(({ height }) => height)).toEqual([0, 0])
  })

  test('is spread over rows in shares', () => {
    const range = { from: 0, to: 4 }
    expect([...sharesOf({ values: [3, 1], bins: [0, 2, 4] }, range, 4)]).toEqual([0.375, 0.375, 0.125, 0.125])
    expect([...sharesOf({ values: [1], bins: [4, 4] }, range, 4)]).toEqual([0, 0, 0, 1])
  })

  test('loses no value to its rows', () => {
    const bins = fc
      .uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 20 })
      .map((edges) => edges.toSorted((one, other) => one - other))
    fc.assert(
      fc.property(bins, fc.integer({ min: 1, max: 60 }), fc.infiniteStream(fc.nat(50)), (edges, rows, counts) => {
        const values = edges.slice(1).map(() => 1 + (counts.next().value ?? 0))
        const range = extentOf([{ bins: edges }])
        if (range === null) throw new Error('edges have an extent')
        const sum = sharesOf({ values, bins: edges }, range, rows).reduce((all, share) => all + share, 0)
        expect(sum).toBeCloseTo(1, 9)
      }),
    )
  })

  test('of equal values has some room', () => {
    expect(extentOf([{ bins: [3, 3] }])).toEqual({ from: 2.5, to: 3.5 })
    expect(extentOf([{ bins: [0, 1] }, { bins: [-2, 0.5] }])).toEqual({ from: -2, to: 1 })
    expect(extentOf([])).toBeNull()
  })
})

test('a table sorts by number, with NaN and nothing last either way', () => {
  const data = [[3], [{ $n: 'NaN' }], [null], [10], ['x']]
  const sorted = (isDescending: boolean) => tableRows({ data }, { column: 0, isDescending }).map(([cell]) => cell)
  expect(sorted(false)).toEqual([3, 10, 'x', Number.NaN, null])
  expect(sorted(true)).toEqual([10, 3, 'x', Number.NaN, null])
  expect(tableRows({ data }, null).map(([cell]) => cell)).toEqual([3, Number.NaN, null, 10, 'x'])
  expect(nextTableSort(nextTableSort(nextTableSort(null, 1), 1), 1)).toBeNull()
})
