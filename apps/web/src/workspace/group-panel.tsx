'use client'
import { type GroupsRequest, maxGroupBuckets } from '@kiroku/core/groups'
import { type ReactNode, useMemo, useRef } from 'react'
import { useGroups } from '../api/use-series.ts'
import { plotArea } from '../chart/draw-chart.ts'
import { prepareGroups } from '../chart/prepare-groups.ts'
import { formatCount } from '../format/numbers.ts'
import type { PanelProps } from './panel.tsx'
import { PanelFrame, usePanelPlace } from './panel-frame.tsx'
import type { RunGroups } from './run-groups.ts'
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
  const { view } = useView()
  const place = usePanelPlace(metric)
  const { chart, x, size, smoothing } = place
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
  const state = useGroups(request, place.isOnScreen)
  const { answer } = state
  const asked = { looks: drawn, axis: x.kind === 'bound' ? metric.x : x }
  // While a new answer is under way the picture is of the groups that the last one was asked for.
  const answered = useRef(asked)
  if (!state.isOld) answered.current = asked
  const { looks, axis } = answered.current
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
    <PanelFrame
      place={place}
      metric={metric}
      metrics={metrics}
      model={model}
      state={state}
      isLarge={isLarge}
      hasLegend
      groupCount={drawn.length}
    />
  )
}

function notesOf(leftOut: number, notLoaded: number): string[] {
  return [
    ...(leftOut > 0 ? [`${formatCount(leftOut)} smaller groups are too many for one chart and left out.`] : []),
    ...(notLoaded > 0 ? [`${formatCount(notLoaded)} older runs are not loaded and in no group.`] : []),
  ]
}
