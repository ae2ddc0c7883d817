import { isLiveSql } from '../../database/live-runs.ts'

/**
 * SQL: whether a row of `run` ended, and came to this server, more than so many days ago. What a disk kept for months is not
 * taken away as soon as it is sent.
 */
export function endsBefore(days: string): string {
  return `(NOT ${isLiveSql('run.state')} AND greatest(run.finished_at, run.created_at, run.imported_at) <= now() - (${days}) * interval '1 day')`
}
