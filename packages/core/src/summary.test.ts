import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addToTotals, emptyTotals, summaryOf } from './summary.ts'

const totalsOf = (...values: number[]): ReturnType<typeof emptyTotals> =>
  addToTotals(emptyTotals(), Float64Array.from(values), { from: 0, to: values.length, lastStep: values.length - 1 })

describe('totals', () => {
  it('pass over NaN in min, max and mean, and count it', () => {
    const totals = totalsOf(2, Number.NaN, 4)
    expect(totals).toMatchObject({
      count: 3,
      finiteCount: 2,
      nanCount: 1,
      min: 2,
      max: 4,
      sum: 6,
      first: 2,
      last: 4,
      lastStep: 2,
    })
    expect(summaryOf(totals, { name: 'a', summary: ['mean'] })).toEqual({ mean: 3 })
  })

  it('take infinities as they are', () => {
    const totals = totalsOf(1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    expect(totals).toMatchObject({ min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY, finiteCount: 1 })
  })

  it('have no extremes when there is nothing but NaN', () => {
    expect(totalsOf(Number.NaN)).toMatchObject({
      min: null,
      max: null,
      first: Number.NaN,
      last: Number.NaN,
      nanCount: 1,
    })
  })

  it('are the same however the values are cut into batches', () => {
    const value = fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.constantFrom(Number.NaN, Infinity, -Infinity))
    fc.assert(
      fc.property(fc.array(value), fc.nat(), (values, at) => {
        const column = Float64Array.from(values)
        const cut = values.length === 0 ? 0 : at % values.length
        const whole = addToTotals(emptyTotals(), column, { from: 0, to: values.length, lastStep: values.length - 1 })
        const first = addToTotals(emptyTotals(), column, { from: 0, to: cut, lastStep: cut - 1 })
        expect(addToTotals(first, column, { from: cut, to: values.length, lastStep: values.length - 1 })).toEqual(whole)
      }),
    )
  })
})

describe('summaryOf', () => {
  const totals = totalsOf(3, 1, 2)

  it('is the last value without operations', () => {
    expect(summaryOf(totals, undefined)).toBe(2)
    expect(summaryOf(totals, { name: 'a', summary: ['copy'] })).toBe(2)
  })

  it('is an object of just the operations asked for', () => {
    expect(summaryOf(totals, { name: 'a', summary: ['min', 'max', 'mean', 'last', 'first'] })).toEqual({
      min: 1,
      max: 3,
      mean: 2,
      last: 2,
      first: 3,
    })
  })

  it('takes best by the goal, lowest when there is none', () => {
    expect(summaryOf(totals, { name: 'a', summary: ['best'], goal: 'maximize' })).toEqual({ best: 3 })
    expect(summaryOf(totals, { name: 'a', summary: ['best'] })).toEqual({ best: 1 })
  })

  it('is absent for none', () => {
    expect(summaryOf(totals, { name: 'a', summary: ['none'] })).toBeUndefined()
  })
})
