import * as z from 'zod'
import type { Database } from '../../database/database.ts'
import type { DatabaseClock } from '../../database/database-clock.ts'
import { lockIds } from '../../database/lock-ids.ts'

export type RollupsRepository = {
  /** Does `work`, unless another server does its own at this moment. */
  alone(work: () => Promise<void>): Promise<void>
  /** Does `work` when the server that fills the rollups at this moment has done so, and lets none of them do so meanwhile. */
  whileNoneFills(work: () => Promise<void>): Promise<void>
}

const lockRowsSchema = z.tuple([z.object({ isMine: z.boolean() })])

/**
 * Lets one of several servers over the same databases fill the rollups, which go by `clock`. A server that is killed lets go
 * of its lock.
 */
export function createRollupsRepository(database: Database, clock: DatabaseClock): RollupsRepository {
  return {
    alone: (work) =>
      database.transaction(async (connection) => {
        const { rows } = await connection.query('SELECT pg_try_advisory_xact_lock($1) AS "isMine"', [lockIds.rollups])
        const [{ isMine }] = lockRowsSchema.parse(rows)
        if (!isMine) return
        await clock.ask(database)
        await work()
      }),

    whileNoneFills: (work) =>
      database.transaction(async (connection) => {
        await connection.query('SELECT pg_advisory_xact_lock($1)', [lockIds.rollups])
        await work()
      }),
  }
}
