import type { XAxis } from '@kiroku/core/axes'
import { KirokuError } from '@kiroku/core/errors'
import type { Stream } from '@kiroku/core/history'
import type { RequestedSeries, Segment } from '../types.ts'

/**
 * Series that one query reads: every one of `metrics` for every one of `runs`, on one axis. A chart of one metric over
 * many runs is one group, and so is a run's whole page.
 */
export type SeriesGroup = {
  stream: Stream
  x: XAxis
  runs: readonly string[]
  metrics: readonly string[]
  /** How the time that each of `runs` had run for follows from the time. */
  clocks: readonly RunClock[]
}

/** From `starts[i]` on, `bases[i]` is what has to be taken off the time; the first base is for what came before, too. */
export type RunClock = { starts: readonly number[]; bases: readonly number[] }

/** Sorts series in as few groups as are exact: a group never reads a series that was not asked for. */
export function groupSeries(series: readonly RequestedSeries[]): SeriesGroup[] {
  const segments = segmentsOf(series)
  const byMetric = new Map<string, { first: RequestedSeries; runs: Set<string> }>()
  for (const entry of series) {
    const key = seriesKeyOf({ ...entry, run: '' })
    const known = byMetric.get(key)
    if (known) known.runs.add(entry.run)
    else byMetric.set(key, { first: entry, runs: new Set([entry.run]) })
  }
  const groups = new Map<string, { first: RequestedSeries; runs: string[]; metrics: string[] }>()
  for (const { first, runs } of byMetric.values()) {
    const sorted = inStoredOrder(runs)
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
    clocks: runs.map((run) => clockOf(segments.get(run) ?? [])),
  }))
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
    return [
      { ...group, runs: group.runs.slice(0, middle), clocks: group.clocks.slice(0, middle) },
      { ...group, runs: group.runs.slice(middle), clocks: group.clocks.slice(middle) },
    ]
  })
}

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

/** Segments that go on with the clock of the one before, as those of processes that run at once do, need no entry. */
function clockOf(segments: readonly Segment[]): RunClock {
  const starts: number[] = []
  const bases: number[] = []
  for (const { startedAt, runtimeBeforeMs } of segments) {
    const base = startedAt - runtimeBeforeMs
    if (base === bases.at(-1)) continue
    starts.push(startedAt)
    bases.push(base)
  }
  return bases.length === 0 ? { starts: [0], bases: [0] } : { starts, bases }
}

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
