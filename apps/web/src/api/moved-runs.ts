import type { RunPage } from '@kiroku/core/queries'
import type { Run } from '@kiroku/core/runs'
import type { LiveEvent } from './live.tsx'

/**
 * What moved since a list was last brought up to date. `gone` are those of the runs that were deleted. `isUnknown`: a list may have
 * other runs now, as one is new or gone, or notices were missed.
 */
export type Moved = { runs: Set<string>; gone: Set<string>; isUnknown: boolean }

/** From this many on, one request for the whole list is cheaper than one for each run. */
const mostSingleRuns = 25

/** The start of a collection of notices. */
export function nothingMoved(): Moved {
  return { runs: new Set(), gone: new Set(), isUnknown: false }
}

/** Adds an event to a collection. */
export function addMoved(moved: Moved, event: LiveEvent): void {
  if (event.kind === 'missed') {
    moved.isUnknown = true
    return
  }
  for (const { run, created, deleted = false } of event.notice.runs) {
    moved.runs.add(run)
    if (deleted) moved.gone.add(run)
    else moved.gone.delete(run)
    if (created || deleted) moved.isUnknown = true
  }
}

/** The runs of a loaded list that must be fetched again, or null when all of the list must be. */
export function runsToFetch(moved: Moved, pages: readonly RunPage[] | undefined): string[] | null {
  if (moved.isUnknown || pages === undefined) return null
  const loaded = pages.flatMap((page) => page.runs.filter((run) => moved.runs.has(run.slug)))
  return loaded.length > mostSingleRuns ? null : loaded.map((run) => run.slug)
}

/** The list with runs in their places replaced by what they are now; null stands for a run that could not be read. */
export function withFreshRuns(pages: readonly RunPage[], fresh: readonly (Run | null)[]): RunPage[] {
  const bySlug = new Map(fresh.flatMap((run) => (run === null ? [] : [[run.slug, run] as const])))
  return pages.map((page) => ({ ...page, runs: page.runs.map((run) => bySlug.get(run.slug) ?? run) }))
}
