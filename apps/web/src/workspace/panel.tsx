'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import type { MetricInfo } from '@kiroku/core/queries'
import { maxSeriesPerRequest, type Series, type SeriesRequest } from '@kiroku/core/series'
import { TriangleAlert } from 'lucide-react'
import { type ReactNode, useMemo, useRef, useState } from 'react'
import { ChartCanvas } from '../chart/chart-canvas.tsx'
import { ChartTable } from '../chart/chart-table.tsx'
import { plotArea } from '../chart/draw-chart.ts'
import { prepareChart, type RunLook } from '../chart/prepare-chart.ts'
import { ratesOf, scaled } from '../chart/rates.ts'
import { useChartTheme } from '../chart/theme.ts'
import { useElementSize, useIsNearScreen } from '../chart/use-element-size.ts'
import { useIsPageVisible } from '../chart/use-page-visible.ts'
import { widestFor } from '../chart/visible-part.ts'
import { runPalette } from '../colors/run-colors.ts'
import { classes } from '../ui/button.tsx'
import { Modal } from '../ui/modal.tsx'
import { chartKey } from './chart-key.ts'
import { metricTitle } from './metric-title.ts'
import styles from './panel.module.css'
import { dataOf, describeModel } from './panel-facts.ts'
import { PanelHead } from './panel-head.tsx'
import { PanelLegend } from './panel-legend.tsx'
import { PanelState } from './panel-state.tsx'
import { type ChartMetric, memberName, type SystemView, systemRule } from './system-metrics.ts'
import { useChartSeries } from './use-chart-series.ts'
import { plainChart, withChart } from './view.ts'
import { useView } from './view-context.tsx'

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

/** One chart: a metric of all drawn runs. */
export function Panel({ path, metric, looks, metrics, isLarge = false }: PanelProps): ReactNode {
  const all = useMemo(() => linesOf(metric, looks), [metric, looks])
  const lines = useMemo(() => all.slice(0, maxSeriesPerRequest), [all])
  const { view, change } = useView()
  const key = chartKey({ metric: metric.name, stream: metric.stream })
  const chart = view.charts[key] ?? plainChart
  const body = useRef<HTMLDivElement>(null)
  const size = useElementSize(body)
  const isNearScreen = useIsNearScreen(body)
  const isPageVisible = useIsPageVisible()
  const isOnScreen = isNearScreen && isPageVisible
  const theme = useChartTheme()
  const { title, unit } = metricTitle(metric)
  const rule = useMemo(
    () => (metric.stream === 'system' ? systemRule(metric.name) : undefined),
    [metric.stream, metric.name],
  )
  const [isTableOpen, setIsTableOpen] = useState(false)
  const systemX = metric.stream === 'system' ? ({ kind: 'relative' } as const) : view.x
  const x = chart.x ?? systemX

  const width = size === null ? 0 : requestWidth(plotArea(size).width, lines.length)
  const request: SeriesRequest | null =
    width === 0 || lines.length === 0
      ? null
      : {
          ...path,
          series: lines.map((line) => ({ run: line.run, metric: line.metric ?? metric.name, stream: metric.stream })),
          x,
          width,
        }
  const series = useChartSeries(request, chart.range, isOnScreen)
  const { answer } = series
  const smoothing = metric.stream === 'system' ? 0 : view.smoothing
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
    <article
      className={classes(styles.panel, isLarge && styles.large)}
      aria-label={title}
      data-testid="panel"
      {...dataOf(metric, model, series)}
    >
      <PanelHead
        metric={metric}
        metrics={metrics}
        model={model}
        chart={chart}
        onChange={(part) => change((last) => withChart(last, key, part))}
        onFill={isLarge ? null : () => change({ panel: key })}
        onTable={() => setIsTableOpen(true)}
      />
      {answer?.partial !== undefined && (
        <p className={styles.partial} role="status" title={answer.partial.message}>
          <TriangleAlert size={12} /> {answer.partial.message}
        </p>
      )}
      <div className={styles.body} ref={body}>
        {size !== null && theme !== null && model !== null && isOnScreen && (
          <ChartCanvas
            model={model}
            size={size}
            theme={theme}
            label={describeModel(metric, model)}
            onZoom={(range) => change((last) => withChart(last, key, { range }))}
          />
        )}
        <PanelState series={series} model={model} isPartial={answer?.partial !== undefined} />
      </div>
      {model !== null && metric.members !== undefined && looks.length === 1 && <PanelLegend lines={model.lines} />}
      {model !== null && (
        <Modal isOpen={isTableOpen} onClose={() => setIsTableOpen(false)} title={title} size="large">
          <ChartTable model={model} title={unit === null ? title : `${title}, ${unit}`} />
        </Modal>
      )}
    </article>
  )
}
