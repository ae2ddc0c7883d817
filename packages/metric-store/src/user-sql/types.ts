import type { WireValue } from '@kiroku/core/values'

/** A run as the table `runs` shows it. Times are unix milliseconds. `entries` are the values of `RunsWanted.entries`, in their order. */
export type SqlRun = {
  /** The UUID that points are stored under. */
  id: string
  run: string
  name: string
  state: string
  group: string | null
  jobType: string | null
  tags: readonly string[]
  notes: string | null
  /** JSON texts; empty when they were not wanted. */
  config: string
  summary: string
  createdAt: number
  startedAt: number
  finishedAt: number | null
  heartbeatAt: number
  exitCode: number | null
  lastStep: number | null
  /** In wire form; undefined where the run has no such entry. */
  entries: readonly (WireValue | undefined)[]
}

/** An entry of the config or the summary, by its path: `config.model.depth` is `model` and `depth`. */
export type RunEntry = { of: 'config' | 'summary'; path: readonly string[] }

/** What a query needs of each run. */
export type RunsWanted = { config: boolean; summary: boolean; entries: readonly RunEntry[] }

/** A run's id and the name that a user knows it by. */
export type SqlRunId = Pick<SqlRun, 'id' | 'run'>

/** A user's query over the runs of one project, which the caller has made sure that they may read. */
export type UserQuery = {
  project: string
  query: string
  /** Reads the project's runs that are not deleted. */
  runs: {
    ids(): Promise<SqlRunId[]>
    rows(wanted: RunsWanted): Promise<SqlRun[]>
  }
}
