import type { XAxis } from '@kiroku/core/axes'
import type { CustomChart } from '@kiroku/core/custom-chart'
import type { HistogramValue, TableContent } from '@kiroku/core/media'
import type { PointSeries, SeriesAnswer } from '@kiroku/core/series'
import { fromWire, type WireValue } from '@kiroku/core/values'
import { pointSeries } from '../chart/point-series.ts'
import type { RunLook } from '../chart/prepare-chart.ts'
import { runPalette } from '../colors/run-colors.ts'

/** The most lines of one chart that are drawn, and the most classes and bars; the chart says when there are more. */
export const maxLines = 100
export const maxClasses = 60
export const maxBars = 200

/** The bins of a histogram that is counted here. */
const histogramBins = 32

/** A chart of a table, decided. `leftOut` is how many lines, bars or classes are too many to be drawn. */
export type PreparedChart = { title: string; leftOut: number } & (
  | {
      kind: 'lines'
      answer: Pick<SeriesAnswer, 'range'> & { series: PointSeries[] }
      looks: RunLook[]
      axis: XAxis
      yTitle: string
    }
  | { kind: 'points'; points: { x: number; y: number }[]; xTitle: string; yTitle: string }
  | { kind: 'bars'; bars: { label: string; value: number }[]; valueTitle: string }
  | { kind: 'histogram'; histogram: HistogramValue; valueTitle: string }
  | { kind: 'matrix'; classes: string[]; counts: number[][]; most: number }
)

type Columns = (field: string) => readonly WireValue[] | undefined

/** Draws a table by the preset that its client named; null where the preset is not known or lacks a column. */
export function prepareCustomChart(content: TableContent, chart: CustomChart, color: string): PreparedChart | null {
  const columns: Columns = (field) => {
    const at = content.columns.indexOf(chart.fields[field] ?? '')
    return at < 0 ? undefined : content.data.map((row) => row[at] ?? null)
  }
  const named = (field: string): string => chart.fields[field] ?? field
  const { texts } = chart
  const title = texts['title'] ?? chart.fields['title'] ?? ''
  const preset = chart.preset.replace(/\/v\d+$/, '')
  switch (preset) {
    case 'wandb/line':
      return linesOf(columns, { x: 'x', y: 'y', by: 'stroke' }, { title, x: named('x'), y: named('y'), color })
    case 'wandb/lineseries':
      return linesOf(
        columns,
        { x: 'step', y: 'lineVal', by: 'lineKey' },
        { title, x: texts['xname'] ?? named('step'), y: '', color },
      )
    case 'wandb/area-under-curve':
      return linesOf(
        columns,
        { x: 'x', y: 'y', by: 'class' },
        { title, x: texts['x-axis-title'] ?? named('x'), y: texts['y-axis-title'] ?? named('y'), color },
      )
    case 'wandb/scatter':
      return pointsOf(columns, { title, x: named('x'), y: named('y') })
    case 'wandb/bar':
      return barsOf(columns, title, named('value'))
    case 'wandb/histogram':
      return histogramOf(columns, title, named('value'))
    case 'wandb/confusion_matrix':
      return matrixOf(columns, title)
    default:
      return null
  }
}

type LineTitles = { title: string; x: string; y: string; color: string }

function linesOf(
  columns: Columns,
  fields: { x: string; y: string; by: string },
  titles: LineTitles,
): PreparedChart | null {
  const [xs, ys, names] = [columns(fields.x), columns(fields.y), columns(fields.by)]
  if (xs === undefined || ys === undefined) return null
  const lines = new Map<string, { x: number[]; y: number[] }>()
  for (const [index, cell] of xs.entries()) {
    const [x, y] = [numberOf(cell), numberOf(ys[index])]
    if (!Number.isFinite(x) || Number.isNaN(y)) continue
    const name = names === undefined ? '' : textOf(names[index])
    const line = lines.get(name) ?? { x: [], y: [] }
    line.x.push(x)
    line.y.push(y)
    lines.set(name, line)
  }
  const drawn = [...lines].slice(0, maxLines)
  const axis: XAxis = { kind: 'metric', name: titles.x }
  const extent = extentOf(drawn.flatMap(([, { x }]) => x))
  if (extent === null) return null
  return {
    kind: 'lines',
    title: titles.title,
    yTitle: titles.y,
    axis,
    answer: { range: extent, series: drawn.map(([, line], index) => pointSeries(line, String(index), axis)) },
    looks: drawn.map(([name], index) => ({
      run: String(index),
      name: name || titles.y || titles.title,
      color: drawn.length === 1 ? titles.color : (runPalette[index % runPalette.length] ?? runPalette[0]),
    })),
    leftOut: lines.size - drawn.length,
  }
}

function pointsOf(columns: Columns, { title, x, y }: { title: string; x: string; y: string }): PreparedChart | null {
  const [xs, ys] = [columns('x'), columns('y')]
  if (xs === undefined || ys === undefined) return null
  const points = xs
    .map((cell, index) => ({ x: numberOf(cell), y: numberOf(ys[index]) }))
    .filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y))
  return { kind: 'points', title, points, xTitle: x, yTitle: y, leftOut: 0 }
}

function barsOf(columns: Columns, title: string, valueTitle: string): PreparedChart | null {
  const [labels, values] = [columns('label'), columns('value')]
  if (labels === undefined || values === undefined) return null
  const bars = labels
    .map((cell, index) => ({ label: textOf(cell), value: numberOf(values[index]) }))
    .filter(({ value }) => Number.isFinite(value))
  return {
    kind: 'bars',
    title,
    valueTitle,
    bars: bars.slice(0, maxBars),
    leftOut: Math.max(0, bars.length - maxBars),
  }
}

function histogramOf(columns: Columns, title: string, valueTitle: string): PreparedChart | null {
  const cells = columns('value')
  if (cells === undefined) return null
  const values = cells.map(numberOf).filter(Number.isFinite)
  const extent = extentOf(values)
  if (extent === null) return null
  const { from, to } = extent
  const width = (to - from || 1) / histogramBins
  const counts = Array.from({ length: histogramBins }, () => 0)
  for (const value of values) {
    const at = Math.min(histogramBins - 1, Math.floor((value - from) / width))
    counts[at] = (counts[at] ?? 0) + 1
  }
  const bins = Array.from({ length: histogramBins + 1 }, (_, index) => from + index * width)
  const nonFiniteCount = cells.length - values.length
  return {
    kind: 'histogram',
    title,
    valueTitle,
    histogram: { _type: 'histogram', values: counts, bins, nonFiniteCount },
    leftOut: 0,
  }
}

function matrixOf(columns: Columns, title: string): PreparedChart | null {
  const [actual, predicted, counted] = [columns('Actual'), columns('Predicted'), columns('nPredictions')]
  if (actual === undefined || predicted === undefined || counted === undefined) return null
  const names = [...new Set([...actual, ...predicted].map(textOf))]
  const classes = names.slice(0, maxClasses)
  const place = new Map(classes.map((name, index) => [name, index]))
  const counts = classes.map(() => classes.map(() => 0))
  for (const [index, cell] of actual.entries()) {
    const row = counts[place.get(textOf(cell)) ?? -1]
    const column = place.get(textOf(predicted[index]))
    const count = numberOf(counted[index])
    if (row !== undefined && column !== undefined && Number.isFinite(count)) row[column] = (row[column] ?? 0) + count
  }
  const most = Math.max(0, ...counts.flat())
  return { kind: 'matrix', title, classes, counts, most, leftOut: names.length - classes.length }
}

/** A cell as a number; NaN for what is none. */
function numberOf(cell: WireValue | undefined): number {
  const value = cell === undefined ? null : fromWire(cell)
  return typeof value === 'number' ? value : Number.NaN
}

function textOf(cell: WireValue | undefined): string {
  const value = cell === undefined ? null : fromWire(cell)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function extentOf(values: readonly number[]): { from: number; to: number } | null {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    from = Math.min(from, value)
    to = Math.max(to, value)
  }
  return from <= to ? { from, to } : null
}
