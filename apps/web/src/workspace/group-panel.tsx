'use client'
import { type GroupsRequest, maxGroupBuckets } from '@kiroku/core/groups'
import { type ReactNode, useMemo, useRef, useState } from 'react'
import { useGroups } from '../api/use-series.ts'
import { ChartCanvas } from '../chart/chart-canvas.tsx'
import { ChartTable } from '../chart/chart-table.tsx'
import { plotArea } from '../chart/draw-chart.ts'
import { prepareGroups } from '../chart/prepare-groups.ts'
import { useChartTheme } from '../chart/theme.ts'
import { useElementSize, useIsNearScreen } from '../chart/use-element-size.ts'
import { useIsPageVisible } from '../chart/use-page-visible.ts'
import { formatCount } from '../format/numbers.ts'
import { classes } from '../ui/button.tsx'
import { Modal } from '../ui/modal.tsx'
import { chartKey } from './chart-key.ts'
import { metricTitle } from './metric-title.ts'
import styles from './panel.module.css'
import type { PanelProps } from './panel.tsx'
import { dataOf, describeModel } from './panel-facts.ts'
import { PanelHead } from './panel-head.tsx'
import { PanelLegend } from './panel-legend.tsx'
import { PanelState } from './panel-state.tsx'
import type { RunGroups } from './run-groups.ts'
import { plainChart, withChart } from './view.ts'
import { useView } from './view-context.tsx'

export type GroupPanelProps = Omit<PanelProps, 'looks'> & { groups: RunGroups }

/** Pixels for a bucket, and steps of buckets, so that small changes of size fetch nothing. */
const pixelsPerBucket = 3
const bucketStep = 32

function bucketsFor(plotWidth: number, groupCount: number): number {
  const wanted = Math.ceil(plotWidth / pixelsPerBucket / bucketStep) * bucketStep
  return Math.max(1, Math.min(wanted, 1024, Math.floor(maxGroupBuckets / Math.max(1, groupCount))))
}

/** One chart of a metric with a line for each group of runs, which the server aggregates. */
export function GroupPanel({ path, metric, metrics, groups, isLarge = false }: GroupPanelProps): ReactNode {
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
  const [isTableOpen, setIsTableOpen] = useState(false)
  const systemX = metric.stream === 'system' ? ({ kind: 'relative' } as const) : view.x
  const x = chart.x ?? systemX
  const { drawn, leftOut, notLoaded } = groups
  const request: GroupsRequest | null =
    size === null || drawn.length === 0
      ? null
      : {
          ...path,
          metric: metric.name,
          stream: metric.stream,
          groups: drawn.map(({ runs }) => ({ runs: [...runs] })),
          x,
          buckets: bucketsFor(plotArea(size).width, drawn.length),
          ...(chart.range !== null && { range: chart.range }),
        }
  const state = useGroups(request, isOnScreen)
  const { answer } = state
  const asked = { looks: drawn, axis: x.kind === 'bound' ? metric.x : x }
  // While a new answer is under way the picture is of the groups that the last one was asked for.
  const answered = useRef(asked)
  if (!state.isOld) answered.current = asked
  const { looks, axis } = answered.current
  const smoothing = metric.stream === 'system' ? 0 : view.smoothing
  const model = useMemo(
    () =>
      answer === undefined
        ? null
        : prepareGroups({
            answer,
            looks,
            metric: metric.name,
            axis,
            figure: view.figure,
            band: view.band,
            range: chart.range,
            smoothing,
            yKind: chart.isLog ? 'log' : 'linear',
            notes: notesOf(leftOut, notLoaded),
          }),
    [answer, looks, axis, leftOut, notLoaded, metric.name, view.figure, view.band, chart.range, chart.isLog, smoothing],
  )
  return (
    <article
      className={classes(styles.panel, isLarge && styles.large)}
      aria-label={title}
      data-testid="panel"
      data-groups={drawn.length}
      {...dataOf(metric, model, { error: state.error, isOld: state.isOld })}
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
        <PanelState series={state} model={model} />
      </div>
      {model !== null && <PanelLegend lines={model.lines} />}
      {model !== null && (
        <Modal isOpen={isTableOpen} onClose={() => setIsTableOpen(false)} title={title} size="large">
          <ChartTable model={model} title={unit === null ? title : `${title}, ${unit}`} />
        </Modal>
      )}
    </article>
  )
}

function notesOf(leftOut: number, notLoaded: number): string[] {
  return [
    ...(leftOut > 0 ? [`${formatCount(leftOut)} smaller groups are too many for one chart and left out.`] : []),
    ...(notLoaded > 0 ? [`${formatCount(notLoaded)} older runs are not loaded and in no group.`] : []),
  ]
}
