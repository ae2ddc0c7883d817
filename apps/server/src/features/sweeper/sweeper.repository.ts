import * as z from 'zod'
import type { Database } from '../../database/database.ts'
import { isLiveSql } from '../../database/live-runs.ts'
import { changedRunSchema, notify } from '../../database/notifications.ts'

/**
 * Looks after the runs of all organizations on the server's own behalf: nothing of what it reads reaches a caller, and so
 * it needs no scope.
 */
export type SweeperRepository = {
  /**
   * Marks live runs that were silent for `silentMs` as crashed, or as killed where somebody had asked them to stop, or as preempted
   * where they had announced that, and gives notice.
   */
  markCrashed(silentMs: number): Promise<void>
}

/** What a live run is when it is heard of no more: what was asked of it, or what it said, may be why. */
const stateOfSilence = `CASE WHEN run.stop_asked_at IS NOT NULL THEN 'killed' WHEN run.state = 'preempting' THEN 'preempted'
  ELSE 'crashed' END`

const crashedRowsSchema = z.array(changedRunSchema)

/** Finds silent runs in PostgreSQL. */
export function createSweeperRepository(database: Database): SweeperRepository {
  return {
    markCrashed: (silentMs) =>
      database.transaction(async (connection) => {
        const { rows } = await connection.query(
          `UPDATE run SET state = (${stateOfSilence})::run_state, finished_at = heartbeat_at
           FROM project WHERE project.id = run.project_id AND run.id IN (
             SELECT id FROM run
             WHERE ${isLiveSql('state')} AND heartbeat_at < now() - $1::float8 * interval '1 millisecond'
             FOR UPDATE SKIP LOCKED)
           RETURNING project.organization_id AS "organizationId", project.id AS "projectId", project.name AS project,
             run.slug AS run, run.state`,
          [silentMs],
        )
        await notify(
          connection,
          crashedRowsSchema.parse(rows).map((row) => ({ ...row, points: false, created: false })),
        )
      }),
  }
}
