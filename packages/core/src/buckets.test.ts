import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bucketOf, cutBuckets, isSentAsPoints } from './buckets.ts'

describe('buckets', () => {
  it('put every x of the range in one of them, in order', () => {
    const bound = fc.double({ noNaN: true, min: -1e12, max: 1e12 })
    fc.assert(
      fc.property(
        bound,
        bound,
        fc.integer({ min: 1, max: 8192 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
        (a, b, count, at) => {
          const range = { from: Math.min(a, b), to: Math.max(a, b) }
          const buckets = cutBuckets(range, count)
          const xs = at
            .map((fraction) => range.from + fraction * (range.to - range.from))
            .sort((left, right) => left - right)
          const places = xs.map((x) => bucketOf(buckets, x))
          expect(places).toEqual([...places].sort((left, right) => left - right))
          for (const place of places) expect(place >= 0 && place < buckets.count).toBe(true)
          expect(bucketOf(buckets, range.to)).toBe(buckets.count - 1)
          expect(bucketOf(buckets, range.from)).toBe(0)
        },
      ),
    )
  })

  it('are one for a range of no extent, or of one that float64 cannot cut', () => {
    expect(cutBuckets({ from: -2e-323, to: 0 }, 6)).toEqual({ from: -2e-323, width: 1, count: 1 })
    expect(cutBuckets({ from: 3, to: 3 }, 100)).toEqual({ from: 3, width: 1, count: 1 })
  })

  it('are equally wide in a narrow range far from zero, and in one wider than float64', () => {
    expect(cutBuckets({ from: 1e12, to: 1e12 + 1 }, 1000).width).toBe(0.001)
    const widest = cutBuckets({ from: -1.7e308, to: 1.7e308 }, 10)
    expect(widest.width).toBeCloseTo(3.4e307, -300)
    expect(bucketOf(widest, 1.7e308)).toBe(9)
  })

  it('are not used for as many points as fit', () => {
    expect(isSentAsPoints(2000, 1000)).toBe(true)
    expect(isSentAsPoints(2001, 1000)).toBe(false)
  })
})
