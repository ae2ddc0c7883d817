/** Below this share of the view two rows count as neighbours, so that smoothing looks the same at any density. */
const finestUnit = 1 / 1000

/**
 * A debiased exponential moving average that knows gaps: over a distance of `n` units the past keeps `weight ** n`.
 * A unit is the mean distance of two rows, or a thousandth of the view where rows lie closer than that. Rows that are
 * not finite stay NaN and do not enter the average. `weight` is from 0 (the rows themselves) to below 1.
 */
export function smooth(xs: Float64Array, ys: Float64Array, weight: number, viewExtent: number): Float64Array {
  const smoothed = new Float64Array(ys.length).fill(Number.NaN)
  const extent = (xs[xs.length - 1] ?? 0) - (xs[0] ?? 0)
  const unit = Math.max(extent / Math.max(1, xs.length - 1), viewExtent * finestUnit)
  let sum = 0
  let mass = 0
  let lastX = Number.NaN
  for (let index = 0; index < ys.length; index++) {
    const y = ys[index] ?? Number.NaN
    if (!Number.isFinite(y)) continue
    const x = xs[index] ?? 0
    const kept = mass === 0 || unit === 0 ? weight : weight ** ((x - lastX) / unit)
    sum = sum * kept + y
    mass = mass * kept + 1
    lastX = x
    smoothed[index] = sum / mass
  }
  return smoothed
}
