import type { XAxis } from '@kiroku/core/axes'
import { KirokuError } from '@kiroku/core/errors'
import type { Stream } from '@kiroku/core/history'
import type { RequestedSeries } from '../types.ts'

/**
 * Series that one query reads: every one of `metrics` for every one of `runs`, on one axis. A chart of one metric over
 * many runs is one group, and so is a run's whole page.
 */
export type SeriesGroup = {
  stream: Stream
  x: XAxis
  runs: readonly string[]
  metrics: readonly string[]
  /** The starts of `runs`, unix milliseconds. */
  startedAt: readonly number[]
}

/** Sorts series in as few groups as are exact: a group never reads a series that was not asked for. */
export function groupSeries(series: readonly RequestedSeries[]): SeriesGroup[] {
  const starts = startsOf(series)
  const byMetric = new Map<string, { first: RequestedSeries; runs: Set<string> }>()
  for (const entry of series) {
    const key = JSON.stringify([entry.stream, entry.x, entry.metric])
    const known = byMetric.get(key)
    if (known) known.runs.add(entry.run)
    else byMetric.set(key, { first: entry, runs: new Set([entry.run]) })
  }
  const groups = new Map<string, { first: RequestedSeries; runs: string[]; metrics: string[] }>()
  for (const { first, runs } of byMetric.values()) {
    const sorted = [...runs].sort()
    const key = JSON.stringify([first.stream, first.x, sorted])
    const known = groups.get(key)
    if (known) known.metrics.push(first.metric)
    else groups.set(key, { first, runs: sorted, metrics: [first.metric] })
  }
  return [...groups.values()].map(({ first: { stream, x }, runs, metrics }) => ({
    stream,
    x,
    runs,
    metrics,
    startedAt: runs.map((run) => starts.get(run) ?? 0),
  }))
}

function startsOf(series: readonly RequestedSeries[]): Map<string, number> {
  const starts = new Map<string, number>()
  for (const { run, startedAt } of series) {
    if ((starts.get(run) ?? startedAt) !== startedAt)
      throw new KirokuError({ code: 'BAD_REQUEST', message: `run ${run} was given two starts` })
    starts.set(run, startedAt)
  }
  return starts
}

/** What tells a series apart from the others of an answer. */
export function seriesKeyOf(series: Pick<RequestedSeries, 'run' | 'metric' | 'stream' | 'x'>): string {
  return JSON.stringify([series.run, series.metric, series.stream, series.x])
}
