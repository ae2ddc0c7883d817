import * as z from 'zod'
import type { Database } from '../../database/database.ts'
import { changedRunSchema, notify } from '../../database/notifications.ts'

/**
 * Looks after the runs of all organizations on the server's own behalf: nothing of what it reads reaches a caller, and so
 * it needs no scope.
 */
export type SweeperRepository = {
  /** Marks running runs that were silent for `silentMs` as crashed, and gives notice. */
  markCrashed(silentMs: number): Promise<void>
}

const crashedRowsSchema = z.array(changedRunSchema)

/** Finds silent runs in PostgreSQL. */
export function createSweeperRepository(database: Database): SweeperRepository {
  return {
    markCrashed: (silentMs) =>
      database.transaction(async (connection) => {
        const { rows } = await connection.query(
          `UPDATE run SET state = 'crashed', finished_at = heartbeat_at
           FROM project WHERE project.id = run.project_id AND run.id IN (
             SELECT id FROM run
             WHERE state = 'running' AND heartbeat_at < now() - $1::float8 * interval '1 millisecond'
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
