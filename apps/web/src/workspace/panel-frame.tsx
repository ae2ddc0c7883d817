'use client'
import type { XAxisChoice } from '@kiroku/core/axes'
import type { MetricInfo } from '@kiroku/core/queries'
import type { PartialAnswer } from '@kiroku/core/series'
import { TriangleAlert } from 'lucide-react'
import { type ReactNode, type RefObject, useRef, useState } from 'react'
import type { AnswerState } from '../api/use-series.ts'
import { ChartCanvas } from '../chart/chart-canvas.tsx'
import { ChartTable } from '../chart/chart-table.tsx'
import type { ChartSize } from '../chart/draw-chart.ts'
import type { ChartModel } from '../chart/prepare-chart.ts'
import { useChartTheme } from '../chart/theme.ts'
import { useElementSize, useIsNearScreen } from '../chart/use-element-size.ts'
import { useIsPageVisible } from '../chart/use-page-visible.ts'
import { classes } from '../ui/button.tsx'
import { Modal } from '../ui/modal.tsx'
import { chartKey } from './chart-key.ts'
import { metricTitle } from './metric-title.ts'
import styles from './panel.module.css'
import { dataOf, describeModel } from './panel-facts.ts'
import { PanelHead } from './panel-head.tsx'
import { PanelLegend } from './panel-legend.tsx'
import { PanelState } from './panel-state.tsx'
import { type ChartView, chartOf, withChart } from './view.ts'
import { useView } from './view-context.tsx'

/** What a chart of a metric has to know of its place: how it is to be drawn, how large, and whether anybody sees it. */
export type PanelPlace = {
  chart: ChartView
  x: XAxisChoice
  smoothing: number
  body: RefObject<HTMLDivElement | null>
  /** Of the body; null until it was measured. */
  size: ChartSize | null
  isOnScreen: boolean
  /** Whether its numbers are shown as a table. */
  isTableOpen: boolean
  setIsTableOpen: (isOpen: boolean) => void
  change: (part: Partial<ChartView>) => void
  /** Fills the screen with the chart. */
  fill: () => void
}

const sinceStart = { kind: 'relative' } as const

/** A machine's metrics are drawn by the time since the start, unless the chart says otherwise, and as they are. */
export function usePanelPlace(metric: MetricInfo): PanelPlace {
  const { view, change } = useView()
  const key = chartKey({ metric: metric.name, stream: metric.stream })
  const chart = chartOf(view, key)
  const body = useRef<HTMLDivElement>(null)
  const size = useElementSize(body)
  const isNearScreen = useIsNearScreen(body)
  const isPageVisible = useIsPageVisible()
  const isSystem = metric.stream === 'system'
  const [isTableOpen, setIsTableOpen] = useState(false)
  return {
    chart,
    x: chart.x ?? (isSystem ? sinceStart : view.x),
    smoothing: isSystem ? 0 : view.smoothing,
    body,
    size,
    isOnScreen: isNearScreen && isPageVisible,
    isTableOpen,
    setIsTableOpen,
    change: (part) => change((last) => withChart(last, key, part)),
    fill: () => change({ panel: key }),
  }
}

export type PanelFrameProps = {
  place: PanelPlace
  metric: MetricInfo
  /** All metrics of the page: what may be chosen as x. */
  metrics: readonly MetricInfo[]
  /** Null until there is an answer. */
  model: ChartModel | null
  state: Omit<AnswerState<unknown>, 'answer'>
  /** What the answer lacks; undefined for one that is whole. */
  partial?: PartialAnswer | undefined
  isLarge: boolean
  hasLegend: boolean
  /** How many groups of runs are drawn; left out where runs are. */
  groupCount?: number
}

/** All of a chart but what it draws: its head, what went wrong, its legend, and its numbers as a table. */
export function PanelFrame(props: PanelFrameProps): ReactNode {
  const { place, metric, metrics, model, state, partial, isLarge, hasLegend, groupCount } = props
  const { chart, body, size, isOnScreen, isTableOpen, setIsTableOpen, change, fill } = place
  const theme = useChartTheme()
  const { title, unit } = metricTitle(metric)
  return (
    <article
      className={classes(styles.panel, isLarge && styles.large)}
      aria-label={title}
      data-testid="panel"
      data-groups={groupCount}
      {...dataOf(metric, model, state, partial)}
    >
      <PanelHead
        metric={metric}
        metrics={metrics}
        model={model}
        chart={chart}
        onChange={change}
        onFill={isLarge ? null : fill}
        onTable={() => setIsTableOpen(true)}
      />
      {partial !== undefined && (
        <p className={styles.partial} role="status" title={partial.message}>
          <TriangleAlert size={12} /> {partial.message}
        </p>
      )}
      <div className={styles.body} ref={body}>
        {size !== null && theme !== null && model !== null && isOnScreen && (
          <ChartCanvas
            model={model}
            size={size}
            theme={theme}
            label={describeModel(metric, model)}
            onZoom={(range) => change({ range })}
          />
        )}
        <PanelState series={state} model={model} isPartial={partial !== undefined} />
      </div>
      {model !== null && hasLegend && <PanelLegend lines={model.lines} />}
      {model !== null && (
        <Modal isOpen={isTableOpen} onClose={() => setIsTableOpen(false)} title={title} size="large">
          <ChartTable model={model} title={unit === null ? title : `${title}, ${unit}`} />
        </Modal>
      )}
    </article>
  )
}
