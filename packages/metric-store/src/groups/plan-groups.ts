import type { Buckets } from '@kiroku/core/buckets'
import { pointsOfLevel } from '../rollups/levels.ts'
import { levelsOf } from '../rollups/series-rollup.ts'

/** Stored buckets for one bucket of the cut, at least: some more than two, as their points do not lie quite evenly. */
const rowsPerBucket = 2.5

/**
 * The highest level whose buckets are, on average, less than half as wide as one of the cut; null where none is, so that
 * points are read themselves. `count` points of a series lie from `minX` to `maxX`, of which its rollup knows `rolledCount`,
 * and so has the levels of these.
 */
export function groupLevel(
  { count, rolledCount, minX, maxX }: { count: number; rolledCount: number; minX: number; maxX: number },
  { width }: Buckets,
): number | null {
  const extent = maxX - minX
  const perBucket = extent > 0 ? Math.min(count, (count * width) / extent) : count
  for (let level = levelsOf(rolledCount) - 1; level >= 0; level--)
    if (pointsOfLevel(level) * rowsPerBucket <= perBucket) return level
  return null
}
