import { type XAxis, xAxisLabel } from '@kiroku/core/axes'
import type { Series, SeriesAnswer } from '@kiroku/core/series'
import { formatCount, formatNumber } from '../format/numbers.ts'
import { type LineShape, shapeOf } from './lines.ts'
import type { GroupDetail } from './prepare-groups.ts'
import { type Range, type Scale, type ScaleKind, xScaleFor, yScaleFor } from './scale.ts'
import { visiblePart } from './visible-part.ts'

/** How a run is shown wherever its line is. `metric` tells its lines apart in a chart of several metrics. */
export type RunLook = { run: string; name: string; color: string; metric?: string }

/**
 * One drawn line. `pointsPerRow` is 1 for an exact line, else how many points one bucket stands for on average; `count`
 * is of points in view, and `edges` the heights at which a zoomed line crosses the chart's edges.
 */
export type ChartLine = RunLook &
  LineShape & {
    metric: string
    axis: XAxis
    isExact: boolean
    pointsPerRow: number
    count: number
    edges: Range | null
    /** Of a line that stands for a group of runs: its band and how many runs it is of, by point. */
    group?: GroupDetail
  }

/** The badge at a chart's upper right: whether it shows the points themselves. */
export type ChartBadge = { isExact: boolean; label: string; explanation: string }

/** Everything that drawing a chart needs, decided. */
export type ChartModel = {
  lines: ChartLine[]
  axis: XAxis
  axisLabel: string
  x: Scale
  y: Scale
  /** Heights are bytes, told in binary units. */
  isBytes: boolean
  badge: ChartBadge | null
  /** What a reader must know beside the picture: points that cannot be drawn, and why. */
  notes: string[]
}

export type PrepareChartOptions = {
  answer: SeriesAnswer
  /** The runs to draw, in order; series of other runs are passed over. */
  looks: readonly RunLook[]
  /** The zoomed range of x, or null for all of it. */
  range: Range | null
  smoothing: number
  yKind: ScaleKind
  /** What a linear y axis shows at least, whatever the values are. */
  yRange?: Range | null
  isBytes?: boolean
  /** The values are what a counter grew by in a second. */
  isRate?: boolean
  /** Lines that are too many to be asked for. */
  leftOut?: number
  /** The axis to name while nothing is drawn. */
  fallbackAxis: XAxis
}

/** Decides a chart from an answer: lines, scales, badge and notes. */
export function prepareChart(options: PrepareChartOptions): ChartModel {
  const { answer, looks, range, smoothing, yKind } = options
  const byRun = new Map(answer.series.map((series) => [series.run, series] as const))
  const byMetric = new Map(answer.series.map((series) => [lineKey(series), series] as const))
  const shown = looks.flatMap((look) => {
    const series =
      look.metric === undefined ? byRun.get(look.run) : byMetric.get(lineKey({ run: look.run, metric: look.metric }))
    return series === undefined || series.count + series.withoutX === 0 ? [] : [{ look, series }]
  })
  const view = range ?? answer.range
  const viewExtent = view === null ? 0 : view.to - view.from
  const lines = shown
    .filter(({ series }) => series.count > 0)
    .map(({ look, series }) => lineOf(look, series, { smoothing, viewExtent, range }))
    .filter((line) => line.count > 0 || line.edges !== null)
  const axes = lines.length > 0 ? lines.map((line) => line.axis) : [options.fallbackAxis]
  const labels = [...new Set(axes.map(xAxisLabel))]
  return {
    lines,
    axis: axes[0] ?? options.fallbackAxis,
    axisLabel: labels.join(' / '),
    x: xScaleFor(range ?? unite(lines.map((line) => line.xRange))),
    y:
      fixedScale(options, lines) ??
      (options.isRate && yKind === 'linear' ? rateScale(lines) : yScaleFor(yRangeOf(lines, yKind), yKind)),
    isBytes: options.isBytes ?? false,
    badge: badgeOf(lines, options.isRate ?? false),
    notes: [
      ...notesOf(
        shown.map(({ series }) => series),
        lines,
        { labels, yKind },
      ),
      ...(options.leftOut ? [`${formatCount(options.leftOut)} lines are too many for one chart and left out.`] : []),
    ],
  }
}

/** What tells a line from all others of its chart. */
export function lineKey({ run, metric }: { run: string; metric: string }): string {
  return `${run} ${metric}`
}

/** A scale of exactly the range that values always have, unless some are beyond it or the scale is another kind. */
function fixedScale({ yRange, yKind }: PrepareChartOptions, lines: readonly ChartLine[]): Scale | null {
  const range = yRangeOf(lines, 'linear')
  if (yRange == null || yKind !== 'linear' || range === null) return null
  return range.from >= yRange.from && range.to <= yRange.to ? { kind: 'linear', ...yRange } : null
}

/** Rates are read against nothing at all. */
function rateScale(lines: readonly ChartLine[]): Scale {
  const range = yRangeOf(lines, 'linear')
  const highest = range === null ? 0 : range.to
  return { kind: 'linear', from: 0, to: highest > 0 ? Math.min(Number.MAX_VALUE, highest * 1.06) : 1 }
}

type LineOptions = { smoothing: number; viewExtent: number; range: Range | null }

function lineOf(look: RunLook, series: Series, { smoothing, viewExtent, range }: LineOptions): ChartLine {
  const rows = series.form === 'buckets' ? series.columns.count.length : series.count
  const shape = shapeOf(series, smoothing, viewExtent)
  return {
    ...look,
    ...shape,
    metric: series.metric,
    axis: series.x,
    isExact: series.form === 'points',
    pointsPerRow: rows > 0 ? Math.max(1, series.count / rows) : 1,
    count: series.count,
    edges: null,
    ...(range === null ? {} : visiblePart(shape, series, range)),
  }
}

function unite(ranges: readonly (Range | null)[]): Range | null {
  let united: Range | null = null
  for (const range of ranges) {
    if (range === null) continue
    united = united === null ? range : { from: Math.min(united.from, range.from), to: Math.max(united.to, range.to) }
  }
  return united
}

function yRangeOf(lines: readonly ChartLine[], kind: ScaleKind): Range | null {
  const range = unite(lines.flatMap((line) => [line.yRange, line.edges]))
  if (kind === 'linear' || range === null) return range
  const lowest = Math.min(...lines.map((line) => line.lowestPositive))
  return Number.isFinite(lowest) && range.to > 0 ? { from: lowest, to: range.to } : null
}

function badgeOf(lines: readonly ChartLine[], isRate: boolean): ChartBadge | null {
  if (lines.length === 0) return null
  const points = lines.reduce((sum, line) => sum + line.count, 0)
  const cut = lines.filter((line) => !line.isExact)
  if (cut.length === 0) {
    if (points === 0)
      return { isExact: true, label: 'exact', explanation: 'No point is in view: the line leads from one to another.' }
    const all = points === 1 ? 'The one point' : `All ${formatCount(points)} points`
    const drawn = isRate
      ? 'is drawn as what came since the one before, divided by the time between'
      : 'are drawn as they were logged'
    return {
      isExact: true,
      label: 'exact',
      explanation: `${isRate ? `Each of ${formatCount(points)} points` : all} in view ${drawn}.`,
    }
  }
  const perRow = Math.round(Math.max(...cut.map((line) => line.pointsPerRow)))
  const which = cut.length === lines.length ? '' : `${cut.length} of ${lines.length} lines: `
  const shown = isRate
    ? 'The line is the rate over them, and higher and lower ones are within.'
    : 'The line is their mean; behind it are their first, last, lowest and highest.'
  return {
    isExact: false,
    label: `1 : ${perRow < 10_000 ? perRow : formatNumber(perRow, 2)}`,
    explanation: `${which}each pixel stands for up to ${formatCount(perRow)} of the ${formatCount(points)} points in view. ${shown} Zoom in for every point.`,
  }
}

function notesOf(
  series: readonly Series[],
  lines: readonly ChartLine[],
  { labels, yKind }: { labels: readonly string[]; yKind: ScaleKind },
): string[] {
  const notes: string[] = []
  const withoutX = series.reduce((sum, { withoutX: count }) => sum + count, 0)
  if (withoutX > 0) {
    const axis = labels.length === 1 ? labels[0] : 'their x axis'
    notes.push(
      `${formatCount(withoutX)} ${withoutX === 1 ? 'point was' : 'points were'} logged without ${axis} and cannot be drawn here.`,
    )
  }
  if (labels.length > 1) notes.push(`Runs bind this metric to different axes: ${labels.join(', ')}.`)
  if (yKind === 'log' && lines.some((line) => line.yRange !== null && line.yRange.from <= 0))
    notes.push('Values of 0 and below cannot be drawn on a log axis.')
  return notes
}
