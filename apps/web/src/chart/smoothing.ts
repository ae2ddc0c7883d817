/** Below this share of the view two points count as neighbours, so that smoothing looks the same at any density. */
const finestUnit = 1 / 1000

/**
 * Rows to smooth, sorted by x: points, or buckets, which stand for `counts` finite points from `firstX` to `lastX` with the
 * mean `ys`. `xs` is where a row is drawn: the middle.
 */
export type SmoothRows = {
  xs: Float64Array
  ys: Float64Array
  firstX: Float64Array
  lastX: Float64Array
  counts: Float64Array
}

/** Points as rows. */
export function pointRows(xs: Float64Array, ys: Float64Array): SmoothRows {
  return { xs, ys, firstX: xs, lastX: xs, counts: ys.map((y) => (Number.isFinite(y) ? 1 : 0)) }
}

/**
 * A debiased exponential moving average of points that knows gaps: over a distance of `n` units the past keeps `weight ** n`.
 * A unit is the mean distance of two points, or a thousandth of the view where they lie closer than that. A bucket counts
 * as its points would if they lay evenly in it, each at the mean, so that a line looks the same however it is cut. Rows
 * that are not finite stay NaN and do not enter the average. `weight` is from 0 (the rows themselves) to below 1.
 */
export function smooth(rows: SmoothRows, weight: number, viewExtent: number): Float64Array {
  const { ys, firstX, lastX, counts } = rows
  const smoothed = new Float64Array(ys.length).fill(Number.NaN)
  const total = counts.reduce((sum, count) => sum + count, 0)
  const extent = (lastX[lastX.length - 1] ?? 0) - (firstX[0] ?? 0)
  const unit = Math.max(extent / Math.max(1, total - 1), viewExtent * finestUnit)
  const kept = (distance: number): number => (unit === 0 ? weight : weight ** (distance / unit))
  let sum = 0
  let mass = 0
  let lastPoint = Number.NaN
  for (let index = 0; index < ys.length; index++) {
    const y = ys[index] ?? Number.NaN
    const count = counts[index] ?? 0
    if (!Number.isFinite(y) || count === 0) continue
    const [first, last] = [firstX[index] ?? 0, lastX[index] ?? 0]
    const ratio = count > 1 ? kept((last - first) / (count - 1)) : 0
    const before = mass === 0 ? 0 : kept(first - lastPoint)
    /** What stands after so many of the row's points: they are a geometric series. */
    const after = (points: number): { sum: number; mass: number } => {
      const own = ratio === 1 ? points : (1 - ratio ** points) / (1 - ratio)
      const past = before * ratio ** (points - 1)
      return { sum: sum * past + y * own, mass: mass * past + own }
    }
    // A row is drawn in the middle of its points: what stands there is of the first half of them.
    const middle = after((count + 1) / 2)
    smoothed[index] = middle.sum / middle.mass
    const end = after(count)
    sum = end.sum
    mass = end.mass
    lastPoint = last
  }
  return smoothed
}
