import type { ChartLine, ChartModel } from './prepare-chart.ts'
import { place, type Scale } from './scale.ts'

/** One line's point under the cursor. `time` is unix milliseconds, or null where buckets do not tell. */
export type HoverRow = { line: ChartLine; index: number; x: number; y: number; time: number | null }

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
  return { line, index, x: pointX, y: line.points.y[index] ?? Number.NaN, time: Number.isFinite(time) ? time : null }
}

/** How high a row stands on the chart, from 0 to 1: infinities at the edges, NaN at its cross. */
function heightOf(row: HoverRow, scale: Scale): number {
  if (row.y === Number.POSITIVE_INFINITY) return 1
  if (row.y === Number.NEGATIVE_INFINITY) return 0
  const at = place(scale, row.y)
  return Number.isFinite(at) ? at : 0
}

const byValue = (first: HoverRow, second: HoverRow): number => {
  if (Number.isNaN(first.y)) return Number.isNaN(second.y) ? 0 : 1
  if (Number.isNaN(second.y)) return -1
  return first.y === second.y ? 0 : second.y - first.y
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
