/** Equal buckets over a range of x: bucket `i` is `[from + i * width, from + (i + 1) * width)`, the last one closed. */
export type Buckets = { from: number; width: number; count: number }

/** Above this many points a bucket, on average, a series comes in buckets; up to it, as its points. */
export const pointsPerPixel = 2

/** Whether a series of `points` points is sent as they are on a plot `width` pixels wide. */
export function isSentAsPoints(points: number, width: number): boolean {
  return points <= pointsPerPixel * width
}

/** Below it a float64 loses digits, so that equal buckets could not be told apart. */
const narrowestBucket = 2 ** -1022

/** Cuts a range into `count` equal buckets. A range of no extent that a float64 can cut is one bucket of width 1. */
export function cutBuckets(range: { from: number; to: number }, count: number): Buckets {
  const extent = range.to - range.from
  // Dividing first would lose the digits of a narrow range far from zero; only an extent beyond float64 needs it.
  const width = Number.isFinite(extent) ? extent / count : range.to / count - range.from / count
  return width >= narrowestBucket ? { from: range.from, width, count } : { from: range.from, width: 1, count: 1 }
}

/** The bucket that x falls in, from 0 to `count - 1`; x outside the range goes to the nearest. */
export function bucketOf(buckets: Buckets, x: number): number {
  return Math.min(buckets.count - 1, Math.max(0, Math.floor((x - buckets.from) / buckets.width)))
}
