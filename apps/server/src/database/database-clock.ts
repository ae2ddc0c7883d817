import * as z from 'zod'
import type { Database } from './database.ts'

/** PostgreSQL's clock, which all servers of a database share: their own may differ. */
export type DatabaseClock = {
  /** Unix milliseconds, as they were when it was last asked, gone on with this machine's. */
  now(): number
  ask(database: Database): Promise<void>
}

const nowSchema = z.array(z.object({ now: z.number() })).length(1)

/** A clock that shows this machine's time until it is asked. */
export function createDatabaseClock(): DatabaseClock {
  let aheadMs = 0
  return {
    now: () => Date.now() + aheadMs,
    ask: (database) =>
      database.session(async (connection) => {
        const { rows } = await connection.query('SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now')
        aheadMs = (nowSchema.parse(rows)[0]?.now ?? Date.now()) - Date.now()
      }),
  }
}
