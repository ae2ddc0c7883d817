import { type XAxis, xAxisLabel } from '@kiroku/core/axes'
import { cutBuckets } from '@kiroku/core/buckets'
import type { GroupColumn, GroupSeries, GroupsAnswer } from '@kiroku/core/groups'
import { formatCount } from '../format/numbers.ts'
import { type LineShape, type Mark, rangeOf } from './lines.ts'
import type { ChartLine, ChartModel } from './prepare-chart.ts'
import { type Range, type ScaleKind, xScaleFor, yScaleFor } from './scale.ts'
import { pointRows, smooth } from './smoothing.ts'

/** What a group's line is drawn from, over its runs, in each bucket. */
export const groupFigures = ['mean', 'median', 'min', 'max'] as const
export type GroupFigure = (typeof groupFigures)[number]
/** What a group's band reaches over: all values, a standard deviation each way, or the runs from the 10th to the 90th percent. */
export const groupBands = ['range', 'std', 'quantiles', 'none'] as const
export type GroupBand = (typeof groupBands)[number]

/** How a group is told in words, by figure and band. */
export const figureNames: Readonly<Record<GroupFigure, string>> = {
  mean: 'mean',
  median: 'median',
  min: 'lowest',
  max: 'highest',
}
export const bandNames: Readonly<Record<GroupBand, string>> = {
  range: 'lowest to highest',
  std: 'standard deviation',
  quantiles: '10 % to 90 % of runs',
  none: 'none',
}

/** What a tooltip tells of a group beside its line, by point. */
export type GroupDetail = { low: Float64Array; high: Float64Array; runs: Float64Array }

export type PrepareGroupsOptions = {
  answer: GroupsAnswer
  /** The groups in the order of the answer. */
  looks: readonly { key: string; name: string; color: string; runs: readonly string[] }[]
  metric: string
  axis: XAxis
  figure: GroupFigure
  band: GroupBand
  range: Range | null
  smoothing: number
  yKind: ScaleKind
  /** What else a reader must know: groups that are too many, runs that are not loaded. */
  notes: readonly string[]
}

/** Decides a chart of groups: one line each, with a band. */
export function prepareGroups(options: PrepareGroupsOptions): ChartModel {
  const { answer, looks, metric, axis, range, yKind } = options
  const lines = answer.groups.flatMap((group, index): ChartLine[] => {
    const look = looks[index]
    if (look === undefined || group.columns.bucket.length === 0) return []
    const { shape, detail } = shapeOfGroup(group, options)
    const { count } = group.columns
    return [
      {
        ...shape,
        run: look.key,
        name: look.name,
        color: look.color,
        metric,
        axis,
        isExact: group.isExact,
        pointsPerRow: sumOf(count) / count.length,
        count: sumOf(count),
        edges: null,
        group: detail,
      },
    ]
  })
  const yRange = rangeOf(lines.flatMap(({ yRange: of }) => (of === null ? [] : [of.from, of.to])))
  const lowest = Math.min(...lines.map(({ lowestPositive }) => lowestPositive))
  const logRange = yRange !== null && Number.isFinite(lowest) && yRange.to > 0 ? { from: lowest, to: yRange.to } : null
  return {
    lines,
    axis,
    axisLabel: xAxisLabel(axis),
    x: xScaleFor(range ?? answer.range),
    y: yScaleFor(yKind === 'log' ? logRange : yRange, yKind),
    isBytes: false,
    badge: badgeOf(lines, options),
    notes: [...notesOf(answer, options), ...options.notes],
  }
}

const sumOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0)

function shapeOfGroup(
  { columns }: GroupSeries,
  { answer, figure, band, smoothing, range }: PrepareGroupsOptions,
): { shape: LineShape; detail: GroupDetail } {
  const cut = cutBuckets(answer.range ?? { from: 0, to: 0 }, answer.buckets)
  const to = answer.range?.to ?? 0
  const x = columns.bucket.map((bucket) =>
    bucket === 0 && cut.count === 1 ? (cut.from + to) / 2 : cut.from + (bucket + 0.5) * cut.width,
  )
  const y = columns[figure]
  const { low, high } = bandOf(columns, band)
  const extent = range === null ? to - cut.from : range.to - range.from
  const heights = [y, ...(band === 'none' ? [] : [low, high])]
  return {
    shape: {
      line: { x, y },
      center: smoothing > 0 ? { x, y: smooth(pointRows(x, y), smoothing, extent) } : null,
      isSmoothed: smoothing > 0,
      envelope: band === 'none' ? null : { x, low, high },
      marks: marksOf(x, columns),
      points: { x, y, time: new Float64Array(x.length).fill(Number.NaN) },
      xRange: rangeOf(x),
      yRange: rangeOf(heights.flatMap((values) => [...values])),
      lowestPositive: lowestPositive(heights),
      nanCount: sumOf(columns.notFiniteCount),
      infinityCount: 0,
    },
    detail: { low, high, runs: columns.runs },
  }
}

function bandOf(
  columns: Record<GroupColumn, Float64Array>,
  band: GroupBand,
): { low: Float64Array; high: Float64Array } {
  switch (band) {
    case 'std': {
      const around = (sign: 1 | -1): Float64Array =>
        columns.mean.map((mean, index) => mean + sign * (columns.std[index] ?? 0))
      return { low: around(-1), high: around(1) }
    }
    case 'quantiles':
      return { low: columns.q10, high: columns.q90 }
    default:
      return { low: columns.min, high: columns.max }
  }
}

/** A cross where no run has a finite value. */
function marksOf(x: Float64Array, { runs, notFiniteCount, mean }: Record<GroupColumn, Float64Array>): Mark[] {
  let height = mean.find(Number.isFinite) ?? Number.NaN
  return Array.from(x).flatMap((at, index): Mark[] => {
    if ((runs[index] ?? 0) > 0) {
      height = mean[index] ?? height
      return []
    }
    return (notFiniteCount[index] ?? 0) > 0 ? [{ kind: 'nan', x: at, y: height }] : []
  })
}

function lowestPositive(columns: readonly Float64Array[]): number {
  let lowest = Number.POSITIVE_INFINITY
  for (const values of columns) for (const value of values) if (value > 0 && value < lowest) lowest = value
  return lowest
}

function badgeOf(
  lines: readonly ChartLine[],
  { answer, figure, band, looks }: PrepareGroupsOptions,
): ChartModel['badge'] {
  if (lines.length === 0) return null
  const runs = new Set(looks.flatMap((look) => look.runs)).size
  const points = lines.reduce((sum, line) => sum + line.count, 0)
  const isExact = lines.every((line) => line.isExact)
  const reach = band === 'none' ? '' : ` Its band is the ${bandNames[band]}.`
  const place = isExact
    ? 'Every point counts in its own bucket.'
    : 'A point may count up to half a bucket beside its place; no extreme is left out. Zoom in for every point.'
  return {
    isExact: false,
    label: `${figureNames[figure]} of ${formatCount(runs)}`,
    explanation: `${formatCount(points)} points in view in ${formatCount(answer.buckets)} buckets: each run counts in a bucket with the mean of its points, and a line is the ${figureNames[figure]} of its runs.${reach} ${place}`,
  }
}

function notesOf(answer: GroupsAnswer, { axis, yKind }: PrepareGroupsOptions): string[] {
  const withoutX = answer.groups.reduce((sum, group) => sum + group.withoutX, 0)
  const notFinite = answer.groups.reduce((sum, { columns }) => sum + sumOf(columns.notFiniteCount), 0)
  return [
    ...(withoutX > 0
      ? [`${formatCount(withoutX)} points were logged without ${xAxisLabel(axis)} and cannot be drawn here.`]
      : []),
    ...(notFinite > 0 ? [`${formatCount(notFinite)} values in view are NaN or infinite and not in any figure.`] : []),
    ...(yKind === 'log' && answer.groups.some(({ columns }) => columns.min.some((value) => value <= 0))
      ? ['Values of 0 and below cannot be drawn on a log axis.']
      : []),
  ]
}
