import { resolve } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import type { GitFacts } from '@kiroku/core/runs'
import { findRuns, type LocalRunInfo, readRunFacts } from '@kiroku/sdk/sync'

/** The local runs at or below these places, each once, oldest first of each place. Places without any give none. */
export function localRuns(places: readonly string[]): LocalRunInfo[] {
  const found = new Map<string, LocalRunInfo>()
  for (const place of places) for (const run of findRuns(place)) found.set(run.directory, run)
  return [...found.values()]
}

/** As `localRuns`, for places that somebody named. Throws NOT_FOUND for one without any run. */
export function runsAt(places: readonly string[]): LocalRunInfo[] {
  for (const place of places) {
    if (findRuns(place).length > 0) continue
    throw new KirokuError({
      code: 'NOT_FOUND',
      message: `there is no run at ${resolve(place)}: name a run's directory, its log, or a .kiroku directory`,
    })
  }
  return localRuns(places)
}

/** What stands of local runs, by the names of their directories. */
export type LocalState = { total: number; live: string[]; unsynced: string[] }

export function stateOf(runs: readonly LocalRunInfo[]): LocalState {
  const those = (state: LocalRunInfo['state']): string[] =>
    runs.filter((run) => run.state === state).map(({ directory }) => directory)
  return { total: runs.length, live: those('live'), unsynced: those('unsynced') }
}

/**
 * The directories of one run's logs, newest first: a resumed run has several. With `commit`, those that were begun at another
 * one are left out.
 */
export function directoriesOf(
  root: string,
  { project, run }: { project: string; run: string },
  commit?: string,
): string[] {
  const directories = findRuns(root)
    .filter((local) => local.id === run && local.project === project)
    .map(({ directory }) => directory)
    .reverse()
  if (commit === undefined) return directories
  return directories.filter((directory) => isAt(readRunFacts(directory)?.git, commit))
}

/** The project of a run that was made here; undefined for one that was not, or that several projects have. */
export function projectOfLocal(root: string, run: string): string | undefined {
  const projects = new Set(
    findRuns(root).flatMap((local) => (local.id === run && local.project !== null ? [local.project] : [])),
  )
  const [project] = projects
  return projects.size === 1 ? project : undefined
}

const isAt = (git: GitFacts | undefined, commit: string): boolean => git?.commit == null || git.commit === commit
