import type { ChartLine, ChartModel } from './prepare-chart.ts'
import { place, type Scale } from './scale.ts'

/**
 * One line's point under the cursor. `smoothed` is the height of the smoothed line there, or null without smoothing;
 * `time` is unix milliseconds, or null where buckets do not tell.
 */
export type HoverRow = {
  line: ChartLine
  index: number
  x: number
  y: number
  smoothed: number | null
  time: number | null
}

/** What the tooltip tells: rows by value, highest first and NaN last; `nearest` is the line closest to the pointer. */
export type Hover = { rows: HoverRow[]; nearest: HoverRow }

/** The index of the x nearest to `target` in a rising list; -1 for an empty one. */
export function nearestIndex(xs: Float64Array, target: number): number {
  let low = 0
  let high = xs.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((xs[middle] ?? 0) < target) low = middle + 1
    else high = middle
  }
  const isBeforeNearer = low > 0 && Math.abs((xs[low - 1] ?? 0) - target) <= Math.abs((xs[low] ?? 0) - target)
  return isBeforeNearer ? low - 1 : Math.min(low, xs.length - 1)
}

/** How far, as a share of the view, a line may end before the cursor and still count as under it. */
const reach = 0.02

function rowAt(line: ChartLine, x: number, scale: Scale): HoverRow | null {
  const index = nearestIndex(line.points.x, x)
  const pointX = line.points.x[index]
  if (pointX === undefined || line.xRange === null) return null
  const isInside = x >= line.xRange.from && x <= line.xRange.to
  if (!isInside && Math.abs(place(scale, pointX) - place(scale, x)) > reach) return null
  const time = line.points.time[index] ?? Number.NaN
  return {
    line,
    index,
    x: pointX,
    y: line.points.y[index] ?? Number.NaN,
    smoothed: smoothedAt(line, x),
    time: Number.isFinite(time) ? time : null,
  }
}

function smoothedAt({ center, isSmoothed }: ChartLine, x: number): number | null {
  const y = isSmoothed && center !== null ? center.y[nearestIndex(center.x, x)] : undefined
  return y === undefined || Number.isNaN(y) ? null : y
}

/** The height that a reader points at: the smoothed line's where there is one. */
export function visibleY(row: HoverRow): number {
  return row.smoothed ?? row.y
}

/** How high a row stands on the chart, from 0 to 1: infinities at the edges, NaN at its cross. */
function heightOf(row: HoverRow, scale: Scale): number {
  const y = visibleY(row)
  if (y === Number.POSITIVE_INFINITY) return 1
  if (y === Number.NEGATIVE_INFINITY) return 0
  const at = place(scale, y)
  return Number.isFinite(at) ? at : 0
}

const byValue = (first: HoverRow, second: HoverRow): number => {
  const [one, other] = [visibleY(first), visibleY(second)]
  if (Number.isNaN(one)) return Number.isNaN(other) ? 0 : 1
  if (Number.isNaN(other)) return -1
  return one === other ? 0 : other - one
}

/** What is under the cursor at the value `x` and the height `at` (0 at the bottom, 1 at the top); null for nothing. */
export function hoverAt(model: ChartModel, x: number, at: number): Hover | null {
  const rows = model.lines.flatMap((line) => rowAt(line, x, model.x) ?? [])
  const [first] = rows
  if (first === undefined) return null
  const distance = (row: HoverRow): number => Math.abs(heightOf(row, model.y) - at)
  const nearest = rows.reduce((best, row) => (distance(row) < distance(best) ? row : best), first)
  return { rows: rows.toSorted(byValue), nearest }
}
