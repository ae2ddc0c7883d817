import { isSentAsPoints } from '@kiroku/core/buckets'
import { levelCount, pointsOfLevel } from '../rollups/levels.ts'

/** How many buckets one answer may come to, over all its series, before each series gets fewer than one for two pixels. */
const maxBuckets = 64_000
const fewestBuckets = 32
/**
 * Points of all series together that may be cut into buckets of pixels as they are, where those of the lowest level are wider:
 * 25 to 100 ns each.
 */
export const rawPointBudget = 500_000

/** What a chart asks of one of its series: about how many points it has in range, and over how many pixels. */
export type Asked = { points: number; width: number; seriesCount: number }

/**
 * The highest level with at least one bucket for every two pixels, or in a chart of very many series with as many as keep it
 * within its share, though a level has four times those of the one above. Null where the points themselves are the answer: there
 * are few, or the lowest level is too coarse.
 */
export function chooseLevel({ points, width, seriesCount }: Asked): number | null {
  if (isSentAsPoints(points, width)) return null
  const wanted = Math.min(
    width / 2,
    Math.max(fewestBuckets, (maxBuckets / seriesCount / pointsOfLevel(1)) * pointsOfLevel(0)),
  )
  for (let level = levelCount - 1; level >= 0; level--) if (points / pointsOfLevel(level) >= wanted) return level
  return null
}
