import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import type { Database } from '../../database/database.ts'
import { lockIds } from '../../database/lock-ids.ts'
import type { WriterTarget } from './locked-runs.repository.ts'

/** What batches are stored as: `lastVersion` is that of the last one, and each has one less than the next. */
export type Arrival = { lastVersion: number; ackSeqs: ReadonlyMap<string, number> }

/** The order in which batches arrive, over all servers of a database. */
export type Arrivals = {
  /**
   * Numbers batches that have just arrived, each above all that arrived before at any server, and tells what is acknowledged
   * of their writers by now. Throws CONFLICT when one of the writers was shut out by a rewind.
   */
  arrive(batches: readonly { writer: WriterTarget; batch: { run: string } }[]): Promise<Arrival>
  /** Says that batches are being stored, until what it answers is called: servers that do hold one lock together. */
  hold(): Promise<() => Promise<void>>
  /**
   * Resolves when nothing is being stored any more, at any server, that arrived before. Throws UNAVAILABLE when that takes
   * too long.
   */
  settled(): Promise<void>
}

const longestWaitMs = 10_000

const lastSchema = z.array(z.object({ last: z.coerce.number() })).length(1)
const writersSchema = z.array(z.object({ id: z.string(), ackSeq: z.coerce.number(), isSuperseded: z.boolean() }))
const lockErrorSchema = z.object({ code: z.literal('55P03') })

/**
 * Numbers are microseconds by PostgreSQL's clock, or one above the last where that is more: the clocks of the servers
 * differ, and a point that arrived later must replace the one before wherever it arrived.
 */
export function createArrivals(database: Database): Arrivals {
  return {
    async arrive(batches) {
      const lastVersion = await database.session(async (connection) => {
        // The clock makes up for a number that a loss of power takes back, so that nobody needs to wait for the disk.
        const { rows } = await connection.query(
          `INSERT INTO arrival (id, last)
           SELECT 1, floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint
           WHERE set_config('synchronous_commit', 'off', true) = 'off'
           ON CONFLICT (id) DO UPDATE SET last = greatest(arrival.last + $1, excluded.last) RETURNING last`,
          [batches.length],
        )
        return lastSchema.parse(rows)[0]?.last ?? 0
      })
      // Asked after the number was taken: a record that is not acknowledged now is followed by none with a lower number.
      const { rows } = await database.session((connection) =>
        connection.query(
          `SELECT id, ack_seq AS "ackSeq", is_superseded AS "isSuperseded" FROM writer WHERE id = ANY($1::uuid[])`,
          [batches.map(({ writer }) => writer.writerId)],
        ),
      )
      const writers = new Map(writersSchema.parse(rows).map((writer) => [writer.id, writer]))
      const shutOut = batches.find(({ writer }) => writers.get(writer.writerId)?.isSuperseded)
      if (shutOut) throw supersededError(shutOut.batch.run)
      return { lastVersion, ackSeqs: new Map([...writers].map(([id, { ackSeq }]) => [id, ackSeq])) }
    },

    async hold() {
      let leave = (): void => {}
      const left = new Promise<void>((resolve) => {
        leave = resolve
      })
      let ended: Promise<void> = Promise.resolve()
      await new Promise<void>((resolve, reject) => {
        ended = database.session(async (connection) => {
          await connection.query('SELECT pg_advisory_lock_shared($1)', [lockIds.storing])
          resolve()
          await left
          await connection.query('SELECT pg_advisory_unlock_shared($1)', [lockIds.storing])
        })
        ended.catch(reject)
      })
      return async () => {
        leave()
        // A connection that broke has let go of the lock.
        await ended.catch(() => {})
      }
    },

    settled: oneByOne(async () => {
      try {
        await database.session(async (connection) => {
          await connection.query(`SET lock_timeout = ${longestWaitMs}`)
          await connection.query('SELECT pg_advisory_lock($1)', [lockIds.storing])
          await connection.query('SELECT pg_advisory_unlock($1)', [lockIds.storing])
          await connection.query('RESET lock_timeout')
        })
      } catch (cause) {
        if (!lockErrorSchema.safeParse(cause).success) throw cause
        const message = 'points that came before are still being stored; try again'
        throw new KirokuError({ code: 'UNAVAILABLE', message, details: { retryAfterMs: 1000 }, cause })
      }
    }),
  }
}

/** Says that a writer may send nothing more. */
export function supersededError(run: string): KirokuError {
  const message = `the run ${run} was rewound by a newer script, and takes nothing more from this one`
  return new KirokuError({ code: 'CONFLICT', message })
}

/** Those who wait take one connection of the pool together, so that those they wait for find one. */
function oneByOne(work: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  return () => {
    const next = last.then(work)
    last = next.catch(() => {})
    return next
  }
}
