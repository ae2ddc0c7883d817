'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import type { MetricInfo } from '@kiroku/core/queries'
import type { SeriesRequest } from '@kiroku/core/series'
import { ChevronsLeftRight, Ellipsis, Info, Maximize2, Table2 } from 'lucide-react'
import { type ReactNode, useMemo, useRef, useState } from 'react'
import { describeError } from '../api/trpc.ts'
import { type SeriesState, useSeries } from '../api/use-series.ts'
import { ChartCanvas } from '../chart/chart-canvas.tsx'
import { ChartTable } from '../chart/chart-table.tsx'
import { plotArea } from '../chart/draw-chart.ts'
import { type ChartModel, prepareChart, type RunLook } from '../chart/prepare-chart.ts'
import { useChartTheme } from '../chart/theme.ts'
import { useElementSize, useIsNearScreen } from '../chart/use-element-size.ts'
import { useIsPageVisible } from '../chart/use-page-visible.ts'
import { Button, classes, IconButton } from '../ui/button.tsx'
import { Hint } from '../ui/hint.tsx'
import { Dropdown, MenuAction, MenuChoice, MenuSeparator, MenuToggle } from '../ui/menu.tsx'
import { Modal } from '../ui/modal.tsx'
import { axisOptions } from './axis-options.ts'
import { chartKey } from './chart-key.ts'
import styles from './panel.module.css'
import { formatAxisChoice, parseAxisChoice, plainChart, withChart } from './view.ts'
import { useView } from './view-context.tsx'

export type PanelProps = {
  path: ProjectPath
  metric: MetricInfo
  looks: readonly RunLook[]
  /** All metrics of the page: what may be chosen as x. */
  metrics: readonly MetricInfo[]
  isLarge?: boolean
}

/** Requests are rounded up to this many pixels, so that small changes of size fetch nothing. */
const widthStep = 64

function requestWidth(plotWidth: number): number {
  const pixels = plotWidth * window.devicePixelRatio
  return Math.min(8192, Math.max(widthStep, Math.ceil(pixels / widthStep) * widthStep))
}

/** One chart: a metric of all drawn runs. */
export function Panel({ path, metric, looks, metrics, isLarge = false }: PanelProps): ReactNode {
  const { view, change } = useView()
  const key = chartKey({ metric: metric.name, stream: metric.stream })
  const chart = view.charts[key] ?? plainChart
  const body = useRef<HTMLDivElement>(null)
  const size = useElementSize(body)
  const isNearScreen = useIsNearScreen(body)
  const isPageVisible = useIsPageVisible()
  const isOnScreen = isNearScreen && isPageVisible
  const theme = useChartTheme()
  const [isTableOpen, setIsTableOpen] = useState(false)
  const systemX = metric.stream === 'system' ? ({ kind: 'relative' } as const) : view.x
  const x = chart.x ?? systemX

  const width = size === null ? 0 : requestWidth(plotArea(size).width)
  const request: SeriesRequest | null =
    width === 0 || looks.length === 0
      ? null
      : {
          ...path,
          series: looks.map(({ run }) => ({ run, metric: metric.name, stream: metric.stream })),
          x,
          width,
          ...(chart.range === null ? {} : { range: chart.range }),
        }
  const series = useSeries(request, isOnScreen)
  const { answer } = series
  const smoothing = metric.stream === 'system' ? 0 : view.smoothing
  const model = useMemo(
    () =>
      answer === undefined
        ? null
        : prepareChart({
            answer,
            looks,
            range: chart.range,
            smoothing,
            yKind: chart.isLog ? 'log' : 'linear',
            fallbackAxis: x.kind === 'bound' ? metric.x : x,
          }),
    [answer, looks, chart.range, smoothing, chart.isLog, x, metric.x],
  )
  const isZoomed = chart.range !== null

  return (
    <article
      className={classes(styles.panel, isLarge && styles.large)}
      aria-label={metric.name}
      data-testid="panel"
      {...dataOf(metric, model, series)}
    >
      <header className={styles.head}>
        <h3 className={styles.title} title={metric.name}>
          {metric.name}
          {metric.unit !== null && <span className={styles.unit}>{metric.unit}</span>}
        </h3>
        {model !== null && model.notes.length > 0 && (
          <Hint text={model.notes.join(' ')}>
            <button type="button" className={styles.note} aria-label={model.notes.join(' ')}>
              <Info size={13} />
            </button>
          </Hint>
        )}
        <div className={styles.actions}>
          {!isLarge && (
            <IconButton label="Fill the screen" onClick={() => change({ panel: key })}>
              <Maximize2 size={13} />
            </IconButton>
          )}
          <IconButton label="Data table" onClick={() => setIsTableOpen(true)}>
            <Table2 size={13} />
          </IconButton>
          <Dropdown
            align="end"
            trigger={
              <IconButton label={`Settings of ${metric.name}`}>
                <Ellipsis size={14} />
              </IconButton>
            }
          >
            <MenuToggle isOn={chart.isLog} onChange={(isLog) => change((last) => withChart(last, key, { isLog }))}>
              Logarithmic y
            </MenuToggle>
            {isZoomed && (
              <MenuAction onSelect={() => change((last) => withChart(last, key, { range: null }))}>
                Reset zoom
              </MenuAction>
            )}
            <MenuSeparator />
            <MenuChoice
              label="x axis of this chart"
              value={chart.x === null ? 'page' : formatAxisChoice(chart.x)}
              options={[{ value: 'page', label: 'As on the page' }, ...axisOptions(metrics, metric.x)]}
              onChange={(text) =>
                change((last) =>
                  withChart(last, key, { x: text === 'page' ? null : parseAxisChoice(text), range: null }),
                )
              }
            />
          </Dropdown>
        </div>
        {isZoomed && (
          <Hint text="Show all of it" keys="double-click">
            <button
              type="button"
              className={styles.zoomed}
              onClick={() => change((last) => withChart(last, key, { range: null }))}
            >
              <ChevronsLeftRight size={12} /> zoomed
            </button>
          </Hint>
        )}
        {model?.badge != null && (
          <Hint text={model.badge.explanation}>
            <button
              type="button"
              className={classes(styles.badge, model.badge.isExact && styles.exact)}
              data-testid="badge"
            >
              {model.badge.label}
            </button>
          </Hint>
        )}
      </header>
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
        <PanelState series={series} model={model} />
      </div>
      {model !== null && (
        <Modal isOpen={isTableOpen} onClose={() => setIsTableOpen(false)} title={metric.name} size="large">
          <ChartTable model={model} title={metric.name} />
        </Modal>
      )}
    </article>
  )
}

function PanelState({ series, model }: { series: SeriesState; model: ChartModel | null }): ReactNode {
  if (series.error !== null && !series.isFetching) {
    return (
      <div className={styles.state} role="alert">
        <p>{describeError(series.error)}</p>
        <Button onClick={series.retry}>Try again</Button>
      </div>
    )
  }
  if (model === null) return <Skeleton />
  if (model.lines.length > 0) return null
  return <p className={styles.state}>{model.notes[0] ?? 'No drawn run has points here.'}</p>
}

function Skeleton(): ReactNode {
  return (
    <svg className={styles.skeleton} viewBox="0 0 100 50" preserveAspectRatio="none" aria-hidden="true">
      <path d="M12 8C20 36 30 36 44 38S70 41 98 42" />
    </svg>
  )
}

function describeModel(metric: MetricInfo, model: ChartModel): string {
  const runs = model.lines
    .map((line) => line.name)
    .slice(0, 5)
    .join(', ')
  const more = model.lines.length > 5 ? ` and ${model.lines.length - 5} more` : ''
  return `${metric.name} over ${model.axisLabel}, ${model.badge?.label ?? 'empty'}: ${runs}${more}. Plus and minus zoom, arrows move, 0 resets.`
}

/** What the picture shows, in attributes, for tests and extensions that cannot read a canvas. */
function dataOf(metric: MetricInfo, model: ChartModel | null, series: SeriesState): Record<string, string | number> {
  const sum = (value: (line: ChartModel['lines'][number]) => number): number =>
    model?.lines.reduce((total, line) => total + value(line), 0) ?? 0
  const lastX = model?.lines.map((line) => line.xRange?.to ?? Number.NEGATIVE_INFINITY) ?? []
  return {
    'data-metric': metric.name,
    'data-stream': metric.stream,
    'data-state': series.error !== null ? 'error' : model === null ? 'loading' : series.isOld ? 'old' : 'ready',
    'data-lines': model?.lines.length ?? 0,
    'data-points': sum((line) => line.count),
    'data-nan': sum((line) => line.nanCount),
    'data-infinite': sum((line) => line.infinityCount),
    'data-x-title': model?.axisLabel ?? '',
    'data-from': model?.x.from ?? '',
    'data-to': model?.x.to ?? '',
    'data-last-x': lastX.length > 0 ? Math.max(...lastX) : '',
    'data-low': model?.lines.length
      ? Math.min(...model.lines.map((line) => line.yRange?.from ?? Number.POSITIVE_INFINITY))
      : '',
    'data-high': model?.lines.length
      ? Math.max(...model.lines.map((line) => line.yRange?.to ?? Number.NEGATIVE_INFINITY))
      : '',
  }
}
