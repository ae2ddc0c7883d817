import type { BucketSeries, PointSeries, Series } from '@kiroku/core/series'
import type { Range } from './scale.ts'
import { pointRows, type SmoothRows, smooth } from './smoothing.ts'

/** A place on the chart where a value is not a finite number. `y` is the height of a cross, unused by the triangles. */
export type Mark = { kind: 'nan' | 'positive-infinity' | 'negative-infinity'; x: number; y: number }

/** A polyline; a y of NaN interrupts it. */
export type Polyline = { x: Float64Array; y: Float64Array }

/** The lowest and highest value at each x. */
export type Envelope = { x: Float64Array; low: Float64Array; high: Float64Array }

/** What one series looks like, apart from its colour. */
export type LineShape = {
  /** The line itself: exact points, or the first, lowest, highest and last of each bucket in order of x. */
  line: Polyline
  /** What stands out before `line`: the smoothed line, or without smoothing the mean of each bucket; null for exact points. */
  center: Polyline | null
  isSmoothed: boolean
  envelope: Envelope | null
  marks: Mark[]
  /** Real points, for hovering, the table and labels; `time` is NaN where the answer does not tell. */
  points: { x: Float64Array; y: Float64Array; time: Float64Array }
  xRange: Range | null
  /** The range of finite values; `lowestPositive` is what a log scale may begin at. */
  yRange: Range | null
  lowestPositive: number
  nanCount: number
  infinityCount: number
}

const gap = Number.NaN

/** The extent of the finite values; null when there is none. */
export function rangeOf(values: Iterable<number>): Range | null {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    if (value < from) from = value
    if (value > to) to = value
  }
  return from <= to ? { from, to } : null
}

function lowestPositiveOf(values: Float64Array): number {
  let lowest = Number.POSITIVE_INFINITY
  for (const value of values) if (value > 0 && value < lowest) lowest = value
  return lowest
}

const kindOf = (value: number): Mark['kind'] =>
  Number.isNaN(value) ? 'nan' : value > 0 ? 'positive-infinity' : 'negative-infinity'

/** The height for crosses before the first finite value. */
function firstFinite(values: Float64Array): number {
  return values.find((value) => Number.isFinite(value)) ?? gap
}

function shapeOfPoints(series: PointSeries): Omit<LineShape, 'center' | 'isSmoothed'> {
  const { x, y, time } = series.columns
  const drawn = new Float64Array(y.length)
  const marks: Mark[] = []
  let height = firstFinite(y)
  let nanCount = 0
  for (let index = 0; index < y.length; index++) {
    const value = y[index] ?? gap
    if (Number.isFinite(value)) {
      drawn[index] = value
      height = value
      continue
    }
    drawn[index] = gap
    const kind = kindOf(value)
    if (kind === 'nan') nanCount++
    marks.push({ kind, x: x[index] ?? 0, y: height })
  }
  return {
    line: { x, y: drawn },
    envelope: null,
    marks,
    points: { x, y, time },
    xRange: rangeOf(x),
    yRange: rangeOf(y),
    lowestPositive: lowestPositiveOf(y),
    nanCount,
    infinityCount: marks.length - nanCount,
  }
}

function marksOfBuckets({ columns }: BucketSeries): { marks: Mark[]; nanCount: number; infinityCount: number } {
  const marks: Mark[] = []
  let height = firstFinite(columns.firstY)
  let nanCount = 0
  let infinityCount = 0
  for (let index = 0; index < columns.count.length; index++) {
    const x = ((columns.firstX[index] ?? 0) + (columns.lastX[index] ?? 0)) / 2
    const nans = columns.nanCount[index] ?? 0
    const ups = columns.positiveInfinityCount[index] ?? 0
    const downs = columns.negativeInfinityCount[index] ?? 0
    const last = columns.lastY[index] ?? gap
    if (nans > 0) marks.push({ kind: 'nan', x, y: Number.isFinite(last) ? last : height })
    if (ups > 0) marks.push({ kind: 'positive-infinity', x, y: height })
    if (downs > 0) marks.push({ kind: 'negative-infinity', x, y: height })
    if (Number.isFinite(last)) height = last
    nanCount += nans
    infinityCount += ups + downs
  }
  return { marks, nanCount, infinityCount }
}

/** The first, lowest, highest and last point of each bucket in order of x, each once; a gap for a bucket without any. */
function polylineOfBuckets({ columns }: BucketSeries): Polyline {
  const xs = new Float64Array(columns.count.length * 4)
  const ys = new Float64Array(columns.count.length * 4)
  let length = 0
  const push = (x: number, y: number): void => {
    if (length > 0 && xs[length - 1] === x && ys[length - 1] === y) return
    xs[length] = x
    ys[length] = y
    length++
  }
  for (let index = 0; index < columns.count.length; index++) {
    const [firstX = 0, firstY = gap] = [columns.firstX[index], columns.firstY[index]]
    const [minX = 0, minY = gap] = [columns.minX[index], columns.minY[index]]
    const [maxX = 0, maxY = gap] = [columns.maxX[index], columns.maxY[index]]
    push(firstX, firstY)
    if (!Number.isFinite(firstY)) continue
    const isMinFirst = minX <= maxX
    push(isMinFirst ? minX : maxX, isMinFirst ? minY : maxY)
    push(isMinFirst ? maxX : minX, isMinFirst ? maxY : minY)
    push(columns.lastX[index] ?? 0, columns.lastY[index] ?? gap)
  }
  return { x: xs.subarray(0, length), y: ys.subarray(0, length) }
}

function shapeOfBuckets(series: BucketSeries): Omit<LineShape, 'center' | 'isSmoothed'> {
  const { columns } = series
  const line = polylineOfBuckets(series)
  const middle = columns.firstX.map((first, index) => (first + (columns.lastX[index] ?? first)) / 2)
  return {
    line,
    envelope: { x: middle, low: columns.minY, high: columns.maxY },
    ...marksOfBuckets(series),
    points: { ...line, time: new Float64Array(line.x.length).fill(gap) },
    xRange: rangeOf(line.x),
    yRange: rangeOf(line.y),
    lowestPositive: lowestPositiveOf(line.y),
  }
}

/** What smoothing averages: the points, or each bucket's mean of finite values. */
function rowsToSmooth(series: Series): SmoothRows {
  if (series.form === 'points') return pointRows(series.columns.x, series.columns.y)
  const { firstX, lastX, sum, count, nanCount, positiveInfinityCount, negativeInfinityCount } = series.columns
  const counts = count.map((points, index) => {
    const infinite = (positiveInfinityCount[index] ?? 0) + (negativeInfinityCount[index] ?? 0)
    return points - (nanCount[index] ?? 0) - infinite
  })
  return {
    xs: firstX.map((first, index) => (first + (lastX[index] ?? first)) / 2),
    ys: sum.map((total, index) => {
      const finite = counts[index] ?? 0
      return finite > 0 ? total / finite : gap
    }),
    firstX,
    lastX,
    counts,
  }
}

/** The shape of one series. `smoothing` is the weight of the past, from 0 to below 1; 0 smooths nothing. */
export function shapeOf(series: Series, smoothing: number, viewExtent: number): LineShape {
  const shape = series.form === 'points' ? shapeOfPoints(series) : shapeOfBuckets(series)
  const rows = rowsToSmooth(series)
  const means = { x: rows.xs, y: rows.ys }
  if (smoothing <= 0) return { ...shape, center: series.form === 'points' ? null : means, isSmoothed: false }
  return { ...shape, center: { x: rows.xs, y: smooth(rows, smoothing, viewExtent) }, isSmoothed: true }
}
