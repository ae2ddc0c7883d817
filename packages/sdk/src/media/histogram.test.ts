import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Histogram } from './histogram.ts'

const double = fc.double({ noDefaultInfinity: true, noNaN: true })

describe('1.5 histograms', () => {
  it('have 64 bins of equal width, from the least to the greatest', () => {
    const { value } = new Histogram(Array.from({ length: 129 }, (_, index) => index))
    expect(value?.bins).toEqual(Array.from({ length: 65 }, (_, index) => index * 2))
    expect(value?.values).toEqual([...Array(63).fill(2), 3])
  })

  it('count every finite number between the edges that it lies between', () => {
    fc.assert(
      fc.property(
        fc.array(double, { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 512 }),
        (numbers, bins) => {
          const { value } = new Histogram(numbers, { bins })
          if (value === undefined) throw new Error('there is no value')
          const { values, bins: edges } = value
          expect(edges).toHaveLength(bins + 1)
          expect(values.reduce((sum, count) => sum + count, 0)).toBe(numbers.length)
          expect(edges.every((edge, index) => Number.isFinite(edge) && edge >= (edges[index - 1] ?? edge))).toBe(true)
          values.forEach((count, bin) => {
            const [low = Number.NaN, high = Number.NaN] = edges.slice(bin, bin + 2)
            const isLast = bin === bins - 1
            const within = numbers.filter((number) => number >= low && (number < high || (isLast && number <= high)))
            expect(count).toBe(within.length)
          })
        },
      ),
    )
  })

  it('have edges that rise between the least numbers that there are, too', () => {
    const { value } = new Histogram([1.5e-323, 1e-323], { bins: 4 })
    expect(value?.bins).toEqual([1e-323, 1.5e-323, 1.5e-323, 1.5e-323, 1.5e-323])
    expect(value?.values).toEqual([1, 0, 0, 1])
  })

  it('leave NaN and infinities out of the bins, and count them', () => {
    const odd = [Number.NaN, 1, Number.POSITIVE_INFINITY, 2, Number.NEGATIVE_INFINITY]
    expect(new Histogram(odd, { bins: 1 }).value).toEqual({
      _type: 'histogram',
      values: [2],
      bins: [1, 2],
      nonFiniteCount: 3,
    })
    expect(new Histogram([Number.NaN]).value).toBeUndefined()
  })

  it('spread one value over 1', () => {
    expect(new Histogram([3, 3], { bins: 2 }).value).toMatchObject({ bins: [2.5, 3, 3.5], values: [0, 2] })
    expect(new Histogram([1e300]).value?.values.reduce((sum, count) => sum + count)).toBe(1)
  })

  it('take typed arrays, sets and big integers', () => {
    expect(new Histogram(Int8Array.of(-1, 1), { bins: 2 }).value?.values).toEqual([1, 1])
    expect(new Histogram(new Set([1n, 3n, 2n]), { bins: 2 }).value?.bins).toEqual([1, 2, 3])
  })

  it('take what was counted before', () => {
    const counted = { values: [1, 0, 2], bins: [0, 1, 2, 3] }
    expect(new Histogram(counted).value).toEqual({ _type: 'histogram', ...counted })
  })

  it.each([
    ['no numbers', () => new Histogram([]), 'there are no numbers to count'],
    ['513 bins', () => new Histogram([1], { bins: 513 }), '1 to 512 bins, not 513'],
    ['no bins', () => new Histogram([1], { bins: 0 }), '1 to 512 bins, not 0'],
    ['513 counts', () => new Histogram({ values: Array(513).fill(1), bins: Array(514).fill(1) }), '<=512'],
    ['too few edges', () => new Histogram({ values: [1, 2], bins: [1, 2] }), 'one bin edge more than values'],
    ['edges that fall', () => new Histogram({ values: [1], bins: [2, 1] }), 'must rise'],
    ['a negative count', () => new Histogram({ values: [-1], bins: [1, 2] }), 'not below 0'],
    // @ts-expect-error that is what is tried
    ['text', () => new Histogram(['1']), '`1` is not a number'],
  ])('refuse %s', (_, make, why) => {
    expect(make).toThrow(why)
  })
})
