import type { Query, QueryClient } from '@tanstack/react-query'
import type { LiveEvent } from './live.tsx'

declare module '@tanstack/react-query' {
  interface Register {
    /** `runs`: the answer is made of the points of these runs, and of nothing else. */
    queryMeta: { runs?: readonly string[] }
  }
}

/** Whether any of these runs may have other points after the event. */
export function mayHaveNewPoints(event: LiveEvent, runs: readonly string[]): boolean {
  if (event.kind === 'missed') return true
  const moved = new Set(event.notice.runs.flatMap(({ run, points }) => (points ? [run] : [])))
  return runs.some((run) => moved.has(run))
}

/** Whether asking again after the event may give another answer: all that the API tells may be about any run. */
export function mayBeOutdated({ queryKey, meta }: Pick<Query, 'queryKey' | 'meta'>, event: LiveEvent): boolean {
  return meta?.runs === undefined ? Array.isArray(queryKey[0]) : mayHaveNewPoints(event, meta.runs)
}

/**
 * Notes which of the answers that are kept may be outdated by the event, so that a page that shows one of them next
 * asks anew. What is shown now is left to who shows it.
 */
export function markOutdated(client: QueryClient, event: LiveEvent): void {
  const outdated = { predicate: (query: Query) => mayBeOutdated(query, event) }
  void client.invalidateQueries({ ...outdated, refetchType: 'none' })
  for (const query of client.getQueryCache().findAll({ ...outdated, fetchStatus: 'fetching' })) {
    // Its answer is of before the event and counts as new when it comes.
    const mark = (): void => query.invalidate()
    query.promise?.then(mark, mark)
  }
}

/**
 * How often to ask again for what is followed at a slow pace: while it goes on, and afterwards until the answer is not
 * outdated, as what came last is announced together with the end.
 */
export function intervalWhile(
  isGoingOn: boolean,
  intervalMs: number,
): (query: { state: { isInvalidated: boolean; status: string } }) => number | false {
  // What failed counts as invalid, too, and would be asked for without an end.
  return ({ state }) => (isGoingOn || (state.isInvalidated && state.status !== 'error') ? intervalMs : false)
}
