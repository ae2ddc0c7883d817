import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pointsOfLevel } from '../rollups/levels.ts'
import { chooseLevel } from './choose-level.ts'

test('few points are drawn as they are', () => {
  expect(chooseLevel({ points: 2000, width: 1000, seriesCount: 1 })).toBeNull()
  expect(chooseLevel({ points: 100_000, width: 1000, seriesCount: 1 })).toBeNull()
})

test('the level follows the length, so that the number of buckets does not', () => {
  for (const [points, level] of [
    [1e6, 1],
    [1e7, 3],
    [1e8, 4],
    [1e9, 6],
  ] as const)
    expect(chooseLevel({ points, width: 1000, seriesCount: 1 })).toBe(level)
})

test('a bucket is at most two pixels wide, unless the chart has too many series, and at least half of one wide where a level is above', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.integer({ min: 1, max: 8192 }),
      fc.integer({ min: 1, max: 30 }),
      (points, width, seriesCount) => {
        const level = chooseLevel({ points, width, seriesCount })
        if (level === null) return
        const buckets = points / pointsOfLevel(level)
        expect(buckets).toBeGreaterThanOrEqual(Math.min(width / 2, 64_000 / seriesCount / 4))
        if (level < 7) expect(buckets).toBeLessThanOrEqual(width * 2)
      },
    ),
  )
})

test('a chart of very many series has at most so many buckets in all, and never fewer than a few a series', () => {
  for (const points of [1e5, 2.5e5, 5e5, 1e6, 1e7])
    for (const seriesCount of [200, 1000, 10_000]) {
      const level = chooseLevel({ points, width: 2000, seriesCount })
      if (level === null) continue
      const buckets = points / pointsOfLevel(level)
      expect(buckets).toBeGreaterThanOrEqual(32)
      expect(buckets).toBeLessThanOrEqual(Math.max(64_000 / seriesCount, 128))
    }
})
