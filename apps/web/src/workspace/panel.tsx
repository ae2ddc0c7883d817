'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import type { MetricInfo } from '@kiroku/core/queries'
import { maxSeriesPerRequest, type Series, type SeriesRequest } from '@kiroku/core/series'
import { type ReactNode, useMemo } from 'react'
import { plotArea } from '../chart/draw-chart.ts'
import { prepareChart, type RunLook } from '../chart/prepare-chart.ts'
import { ratesOf, scaled } from '../chart/rates.ts'
import { widestFor } from '../chart/visible-part.ts'
import { runPalette } from '../colors/run-colors.ts'
import { PanelFrame, usePanelPlace } from './panel-frame.tsx'
import { type ChartMetric, memberName, type SystemView, systemRule } from './system-metrics.ts'
import { useChartSeries } from './use-chart-series.ts'

export type PanelProps = {
  path: ProjectPath
  metric: ChartMetric
  looks: readonly RunLook[]
  /** All metrics of the page: what may be chosen as x. */
  metrics: readonly MetricInfo[]
  isLarge?: boolean
}

/** Requests are rounded up to this many pixels, so that small changes of size fetch nothing. */
const widthStep = 64

function requestWidth(plotWidth: number, seriesCount: number): number {
  const pixels = plotWidth * window.devicePixelRatio
  return Math.min(widestFor(seriesCount), Math.max(widthStep, Math.ceil(pixels / widthStep) * widthStep))
}

/** The lines of a chart: one a run, or, where several devices or writers share it, one for each of those. */
function linesOf(metric: ChartMetric, looks: readonly RunLook[]): RunLook[] {
  const { members } = metric
  if (members === undefined) return [...looks]
  const isAlone = looks.length === 1
  return looks.flatMap((look) =>
    members.map((member, index) => {
      const device = memberName(member) || look.name
      const color = runPalette[index % runPalette.length] ?? look.color
      return isAlone && members.length > 1
        ? { ...look, metric: member, name: device, color }
        : { ...look, metric: member, name: isAlone ? device : `${look.name}, ${device}` }
    }),
  )
}

/** A machine's series in the unit that it is shown in. */
function asShown(series: Series, { bytes, isCounter }: SystemView): Series {
  const inUnit = bytes === null || bytes === 1 ? series : scaled(series, bytes)
  return isCounter ? ratesOf(inUnit) : inUnit
}

/** Points of more lines come without their times, of which a reader sees one at a time but in the table. */
const mostTimedLines = 50

/** One chart: a metric of all drawn runs. */
export function Panel({ path, metric, looks, metrics, isLarge = false }: PanelProps): ReactNode {
  const all = useMemo(() => linesOf(metric, looks), [metric, looks])
  const lines = useMemo(() => all.slice(0, maxSeriesPerRequest), [all])
  const place = usePanelPlace(metric)
  const { chart, x, size, smoothing } = place
  const rule = useMemo(
    () => (metric.stream === 'system' ? systemRule(metric.name) : undefined),
    [metric.stream, metric.name],
  )
  const width = size === null ? 0 : requestWidth(plotArea(size).width, lines.length)
  const request: SeriesRequest | null =
    width === 0 || lines.length === 0
      ? null
      : {
          ...path,
          series: lines.map((line) => ({ run: line.run, metric: line.metric ?? metric.name, stream: metric.stream })),
          x,
          width,
          times: metric.stream === 'system' || lines.length <= mostTimedLines || place.isTableOpen,
        }
  const series = useChartSeries(request, chart.range, place.isOnScreen)
  const { answer } = series
  const model = useMemo(
    () =>
      answer === undefined
        ? null
        : prepareChart({
            answer: rule === undefined ? answer : { ...answer, series: answer.series.map((one) => asShown(one, rule)) },
            looks: lines,
            yRange: rule?.range ?? null,
            isBytes: rule?.bytes != null,
            isRate: rule?.isCounter ?? false,
            leftOut: all.length - lines.length,
            range: chart.range,
            smoothing,
            yKind: chart.isLog ? 'log' : 'linear',
            fallbackAxis: x.kind === 'bound' ? metric.x : x,
          }),
    [answer, lines, all, rule, chart.range, smoothing, chart.isLog, x, metric.x],
  )

  return (
    <PanelFrame
      place={place}
      metric={metric}
      metrics={metrics}
      model={model}
      state={series}
      partial={answer?.partial}
      isLarge={isLarge}
      hasLegend={metric.members !== undefined && looks.length === 1}
    />
  )
}
