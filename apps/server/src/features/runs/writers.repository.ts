import * as z from 'zod'
import type { Connection } from '../../database/database.ts'

const writerSchema = z.object({
  id: z.string(),
  writer: z.string(),
  ackSeq: z.coerce.number(),
  startingStep: z.coerce.number(),
  runtimeBeforeMs: z.number(),
  isResumed: z.boolean(),
  isSuperseded: z.boolean(),
  isAlive: z.boolean(),
  startedAt: z.number(),
  heartbeatAt: z.number(),
  finishedAt: z.number().nullable(),
})
/** A writer of a run. `isAlive`: it did not end and was heard of lately. */
export type RunWriter = z.infer<typeof writerSchema>

/** The writers of a run, sorted by their start. `aliveMs` is how long a live one may be silent. */
export async function loadWriters(connection: Connection, runId: string, aliveMs: number): Promise<RunWriter[]> {
  const { rows } = await connection.query(
    `SELECT id, writer, ack_seq AS "ackSeq", starting_step AS "startingStep", runtime_before_ms AS "runtimeBeforeMs",
            is_resumed AS "isResumed", is_superseded AS "isSuperseded",
            finished_at IS NULL AND heartbeat_at > now() - $2::float8 * interval '1 millisecond' AS "isAlive",
            extract(epoch FROM started_at)::float8 * 1000 AS "startedAt",
            extract(epoch FROM heartbeat_at)::float8 * 1000 AS "heartbeatAt",
            extract(epoch FROM finished_at)::float8 * 1000 AS "finishedAt"
     FROM writer WHERE run_id = $1 ORDER BY started_at, created_at`,
    [runId, aliveMs],
  )
  return z.array(writerSchema).parse(rows)
}
