import type { XAxis } from '@kiroku/core/axes'
import type { PointSeries, SeriesAnswer } from '@kiroku/core/series'
import type { SqlAnswer, SqlCell } from '@kiroku/core/sql'
import { isNumericType, sqlCellText } from '@kiroku/core/sql-text'
import { fromWire } from '@kiroku/core/values'
import { pointSeries } from '../chart/point-series.ts'
import type { RunLook } from '../chart/prepare-chart.ts'
import { runPalette } from '../colors/run-colors.ts'

/** The most lines of one result that are drawn. */
export const maxLines = 100

/** A result as lines: x is a time or the likeliest number, a text column tells lines apart, each other number is a line. */
export type ResultChart = {
  answer: Pick<SeriesAnswer, 'range'> & { series: PointSeries[] }
  looks: RunLook[]
  axis: XAxis
  leftOut: number
}

const usualX = /^(_?step|epoch|batch|iteration|x|time|.*_step)$/i

/** The chart of a result; null where its columns make none. */
export function chartOf({ columns, rows }: Pick<SqlAnswer, 'columns' | 'rows'>): ResultChart | null {
  const all = columns.map((column, index) => ({ ...column, index }))
  const numbers = all.filter(({ type }) => isNumericType(type))
  const times = all.filter(({ type }) => /^(?:Nullable\()?Date/.test(type))
  const x = numbers.find(({ name }) => usualX.test(name)) ?? times[0] ?? numbers[0]
  const ys = numbers.filter(({ index }) => index !== x?.index)
  if (x === undefined || ys.length === 0 || rows.length < 2) return null
  const group = all.find(({ type }) => /String|Enum/.test(type) && !/Array|Map|Tuple/.test(type))
  const isTime = times.includes(x)
  const lines = new Map<string, { x: number[]; y: number[] }>()
  for (const row of rows) {
    const at = isTime ? timeOf(row[x.index]) : numberOf(row[x.index])
    if (at === null || !Number.isFinite(at)) continue
    for (const y of ys) {
      const value = numberOf(row[y.index])
      if (value === null) continue
      const who = group === undefined ? '' : sqlCellText(row[group.index] ?? null)
      const name = group === undefined ? y.name : ys.length === 1 ? who : `${who}, ${y.name}`
      const line = lines.get(name) ?? { x: [], y: [] }
      line.x.push(at)
      line.y.push(value)
      lines.set(name, line)
    }
  }
  const drawn = [...lines].slice(0, maxLines)
  if (!drawn.some(([, line]) => new Set(line.x).size > 1)) return null
  const axis: XAxis = isTime ? { kind: 'time' } : { kind: 'metric', name: x.name }
  const series = drawn.map(([, line], index) => pointSeries(line, String(index), axis))
  const extent = series.flatMap(({ columns: { x: xs } }) => [xs[0] ?? 0, xs.at(-1) ?? 0])
  return {
    axis,
    answer: { range: { from: Math.min(...extent), to: Math.max(...extent) }, series },
    looks: drawn.map(([name], index) => ({
      run: String(index),
      name,
      color: runPalette[index % runPalette.length] ?? runPalette[0],
    })),
    leftOut: lines.size - drawn.length,
  }
}

function numberOf(cell: SqlCell | undefined): number | null {
  if (cell === undefined || cell === null || cell === '') return null
  const value = Number(fromWire(cell))
  return Number.isNaN(value) && typeof cell === 'string' ? null : value
}

/** ClickHouse writes UTC as `2026-01-02 03:04:05.678`. */
function timeOf(cell: SqlCell | undefined): number | null {
  const time =
    typeof cell === 'string' ? Date.parse(`${cell.replace(' ', 'T')}${cell.includes(' ') ? 'Z' : ''}`) : Number.NaN
  return Number.isNaN(time) ? null : time
}
