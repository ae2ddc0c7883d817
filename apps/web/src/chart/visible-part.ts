import { maxBucketsPerRequest, type Series } from '@kiroku/core/series'
import { type LineShape, type Mark, type Polyline, rangeOf } from './lines.ts'
import type { Range } from './scale.ts'

/** A zoomed chart asks for this share of its range more on either side, so that lines come in from its edges. */
const marginShare = 0.25

/** The most pixels that a chart of so many series may ask for, with its margin, in one request. */
export function widestFor(seriesCount: number): number {
  const perSeries = maxBucketsPerRequest / Math.max(1, seriesCount)
  return Math.max(1, Math.min(8192, Math.floor(perSeries / (1 + 2 * marginShare)) - 1))
}

/** What a zoomed chart asks for: its range and some more on either side, at the same number of pixels a unit of x. */
export function withMargin(range: Range, width: number): { range: Range; width: number } {
  const margin = (range.to - range.from) * marginShare
  return {
    range: { from: range.from - margin, to: range.to + margin },
    width: Math.min(8192, Math.round(width * (1 + 2 * marginShare))),
  }
}

/** The part of a line that a zoomed chart shows; `edges` are the heights at which the line crosses the chart's edges. */
export type VisiblePart = Pick<
  LineShape,
  'points' | 'yRange' | 'lowestPositive' | 'marks' | 'nanCount' | 'infinityCount'
> & { count: number; edges: Range | null }

/** The first index whose x is not below `x`, of a rising list. */
function indexFrom(xs: Float64Array, x: number): number {
  let low = 0
  let high = xs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((xs[middle] ?? 0) < x) low = middle + 1
    else high = middle
  }
  return low
}

/** The height of a polyline at `x`, between two of its points; null in a gap and outside of it. */
function heightAt({ x: xs, y: ys }: Polyline, x: number): number | null {
  const after = indexFrom(xs, x)
  const [beforeX, afterX] = [xs[after - 1], xs[after]]
  if (afterX === x) return Number.isFinite(ys[after]) ? (ys[after] ?? null) : null
  if (beforeX === undefined || afterX === undefined) return null
  const [beforeY = Number.NaN, afterY = Number.NaN] = [ys[after - 1], ys[after]]
  const height = beforeY + ((afterY - beforeY) * (x - beforeX)) / (afterX - beforeX)
  return Number.isFinite(height) ? height : null
}

/** The range of `values` within the x range; the part is empty where `points` and `edges` both are. */
export function visiblePart(shape: LineShape, series: Series, view: Range): VisiblePart {
  const { x, y, time } = shape.points
  const isInside = (at: number): boolean => at >= view.from && at <= view.to
  const first = indexFrom(x, view.from)
  let end = first
  while (end < x.length && (x[end] ?? 0) <= view.to) end++
  const points = { x: x.subarray(first, end), y: y.subarray(first, end), time: time.subarray(first, end) }
  const heights = [shape.line, ...(shape.center === null ? [] : [shape.center])].flatMap((line) => [
    heightAt(line, view.from),
    heightAt(line, view.to),
  ])
  return {
    points,
    edges: rangeOf(heights.flatMap((height) => height ?? [])),
    yRange: rangeOf(points.y),
    lowestPositive: points.y.reduce((least, value) => (value > 0 && value < least ? value : least), Infinity),
    marks: shape.marks.filter((mark: Mark) => isInside(mark.x)),
    ...countsOf(series, view),
  }
}

function countsOf(series: Series, view: Range): { count: number; nanCount: number; infinityCount: number } {
  const counts = { count: 0, nanCount: 0, infinityCount: 0 }
  if (series.form === 'points') {
    series.columns.x.forEach((x, index) => {
      if (x < view.from || x > view.to) return
      const y = series.columns.y[index] ?? Number.NaN
      counts.count++
      if (Number.isNaN(y)) counts.nanCount++
      else if (!Number.isFinite(y)) counts.infinityCount++
    })
    return counts
  }
  const { firstX, lastX, count, nanCount, positiveInfinityCount, negativeInfinityCount } = series.columns
  for (let index = 0; index < count.length; index++) {
    if ((lastX[index] ?? 0) < view.from || (firstX[index] ?? 0) > view.to) continue
    counts.count += count[index] ?? 0
    counts.nanCount += nanCount[index] ?? 0
    counts.infinityCount += (positiveInfinityCount[index] ?? 0) + (negativeInfinityCount[index] ?? 0)
  }
  return counts
}
