import type { XAxis } from '@kiroku/core/axes'
import { KirokuError } from '@kiroku/core/errors'
import type { Stream } from '@kiroku/core/history'
import type { RequestedSeries, Segment } from '../types.ts'

/** A series with what tells it apart from the others of an answer, which is asked for again and again: see `seriesKeyOf`. */
export type KeyedSeries = RequestedSeries & { key: string }

/**
 * Series that one query reads: every one of `metrics` for every one of `runs`, on one axis. A chart of one metric over
 * many runs is one group, and so is a run's whole page.
 */
export type SeriesGroup = {
  stream: Stream
  x: XAxis
  runs: readonly string[]
  metrics: readonly string[]
  /** The keys of its series: for each of `metrics` those of `runs`. */
  keys: readonly (readonly string[])[]
  /** How the time that each of `runs` had run for follows from the time. */
  clocks: readonly RunClock[]
}

/** From `starts[i]` on, `bases[i]` is what has to be taken off the time; the first base is for what came before, too. */
export type RunClock = { starts: readonly number[]; bases: readonly number[] }

/** Sorts series in as few groups as are exact: a group never reads a series that was not asked for. */
export function groupSeries(series: readonly KeyedSeries[]): SeriesGroup[] {
  const segments = segmentsOf(series)
  const curves = byCurve(series)
  const groups = new Map<string, { first: KeyedSeries; runs: string[]; metrics: string[]; keys: string[][] }>()
  for (const { first, byRun } of curves) {
    const runs = inStoredOrder(byRun.keys())
    const keys = runs.map((run) => byRun.get(run) ?? '')
    const key = curves.length > 1 ? JSON.stringify([first.stream, first.x, runs]) : ''
    const known = groups.get(key)
    if (known) {
      known.metrics.push(first.metric)
      known.keys.push(keys)
    } else groups.set(key, { first, runs, metrics: [first.metric], keys: [keys] })
  }
  return [...groups.values()].map(({ first: { stream, x }, runs, metrics, keys }) => ({
    stream,
    x,
    runs,
    metrics,
    keys,
    clocks: runs.map((run) => clockOf(segments.get(run) ?? [])),
  }))
}

/** Series that differ in their runs alone, with the key of each run's. */
type Curve = { first: KeyedSeries; byRun: Map<string, string> }

function byCurve(series: readonly KeyedSeries[]): Curve[] {
  const curves = new Map<string, Curve>()
  let last: Curve | undefined
  for (const entry of series) {
    const { run, metric, stream, x } = entry
    // Those of a chart come one run after the other, and are on the same axis.
    const isLike = last && last.first.metric === metric && last.first.stream === stream && last.first.x === x
    if (!last || !isLike) {
      const key = seriesKeyOf({ run: '', metric, stream, x })
      last = curves.get(key) ?? { first: entry, byRun: new Map() }
      curves.set(key, last)
    }
    last.byRun.set(run, entry.key)
  }
  return [...curves.values()]
}

/** Sorts runs as ClickHouse does, by the second half of their UUIDs, so that the halves of a group lie apart. */
function inStoredOrder(runs: Iterable<string>): string[] {
  const places = Array.from(runs, (run): [place: string, run: string] => [
    run.slice('00000000-0000-0000-'.length) + run,
    run,
  ])
  return places.sort(([one], [other]) => (one < other ? -1 : 1)).map(([, run]) => run)
}

const runsWorthTwoStatements = 20

/** Cuts groups of many runs in two, to be read at the same time: planning a statement about many runs, too, takes one thread long. */
export function inHalves(groups: readonly SeriesGroup[]): SeriesGroup[] {
  return groups.flatMap((group) => {
    if (group.runs.length < runsWorthTwoStatements) return [group]
    const middle = Math.ceil(group.runs.length / 2)
    return [part(group, 0, middle), part(group, middle)]
  })
}

const part = (group: SeriesGroup, from: number, to?: number): SeriesGroup => ({
  ...group,
  runs: group.runs.slice(from, to),
  keys: group.keys.map((keys) => keys.slice(from, to)),
  clocks: group.clocks.slice(from, to),
})

function segmentsOf(series: readonly RequestedSeries[]): Map<string, readonly Segment[]> {
  const byRun = new Map<string, readonly Segment[]>()
  for (const { run, segments } of series) {
    const known = byRun.get(run)
    if (known && known !== segments && JSON.stringify(known) !== JSON.stringify(segments))
      throw new KirokuError({ code: 'BAD_REQUEST', message: `run ${run} was given two starts` })
    byRun.set(run, segments)
  }
  return byRun
}

const noClock: RunClock = { starts: [0], bases: [0] }

/** Segments that go on with the clock of the one before, as those of processes that run at once do, need no entry. */
export function clockOf(segments: readonly Segment[]): RunClock {
  if (segments.length === 0) return noClock
  const starts: number[] = []
  const bases: number[] = []
  for (const { startedAt, runtimeBeforeMs } of segments) {
    const base = startedAt - runtimeBeforeMs
    if (base === bases.at(-1)) continue
    starts.push(startedAt)
    bases.push(base)
  }
  return { starts, bases }
}

/** The key of a group's series by the places of its run and metric. */
export const keyAt = (group: SeriesGroup, runIndex: number, metricIndex: number): string =>
  group.keys[metricIndex]?.[runIndex] ?? ''

export const withKey = (series: RequestedSeries): KeyedSeries => ({ ...series, key: seriesKeyOf(series) })

/** What tells a series apart from the others of an answer. */
export function seriesKeyOf({
  run,
  metric,
  stream,
  x,
}: Pick<RequestedSeries, 'run' | 'metric' | 'stream' | 'x'>): string {
  const over = x.kind === 'metric' ? `${x.name.length} ${x.name} ` : ''
  return `${run} ${stream} ${x.kind} ${over}${metric}`
}
