import * as z from 'zod'
import type { Connection, Database } from '../../database/database.ts'
import { isLiveSql } from '../../database/live-runs.ts'
import { changedRunSchema, notify } from '../../database/notifications.ts'
import { type RunStanding, standingsOfSilent } from '../history/index.ts'

/**
 * Looks after the runs of all organizations on the server's own behalf: nothing of what it reads reaches a caller, and so
 * it needs no scope.
 */
export type SweeperRepository = {
  /**
   * Marks live runs that were silent for `silentMs` as crashed, or as killed where somebody had asked them to stop, or as preempted
   * where they had announced that, and gives notice. A shared run of which some told their end stands as these say, where the others
   * need not tell theirs.
   */
  markCrashed(silentMs: number): Promise<void>
}

/** What a live run is when it is heard of no more: what was asked of it, or what it said, may be why. */
const stateOfSilence = `CASE WHEN run.stop_asked_at IS NOT NULL THEN 'killed' WHEN run.state = 'preempting' THEN 'preempted'
  ELSE 'crashed' END`

const crashedRowsSchema = z.array(changedRunSchema.extend({ runId: z.string(), isShared: z.boolean() }))

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
             run.slug AS run, run.state, run.id AS "runId", run.is_shared AS "isShared"`,
          [silentMs],
        )
        const crashed = crashedRowsSchema.parse(rows)
        const standings = await endShared(connection, crashed, silentMs)
        await notify(
          connection,
          crashed.map(({ runId, isShared: _, ...row }) => ({
            ...row,
            state: standings.get(runId)?.state ?? row.state,
            points: false,
            created: false,
          })),
        )
      }),
  }
}

/** Ends shared runs as those of their writers say that told their end, and answers how they stand. */
async function endShared(
  connection: Connection,
  runs: readonly z.infer<typeof crashedRowsSchema>[number][],
  silentMs: number,
): Promise<Map<string, RunStanding>> {
  const shared = runs.filter(({ isShared, state }) => isShared && state === 'crashed').map(({ runId }) => runId)
  if (shared.length === 0) return new Map()
  const standings = await standingsOfSilent(connection, shared, silentMs)
  for (const [run, { state, exitCode, finishedAt }] of standings) {
    if (finishedAt === null) standings.delete(run)
    else
      await connection.query(
        'UPDATE run SET state = $2::run_state, exit_code = $3, finished_at = to_timestamp($4::float8 / 1000) WHERE id = $1',
        [run, state, exitCode, finishedAt],
      )
  }
  return standings
}
