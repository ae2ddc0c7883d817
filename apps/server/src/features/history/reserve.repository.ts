import { KirokuError } from '@kiroku/core/errors'
import type { HistoryBatch } from '@kiroku/core/history'
import * as z from 'zod'
import type { Connection } from '../../database/database.ts'
import type { WriterTarget } from './locked-runs.repository.ts'
import { type Reservation, reservationSchema, reserveSteps, withReservedSteps } from './shared-steps.ts'
import { trimBatch } from './trim-batch.ts'

const reservingSchema = z.object({
  writerId: z.string(),
  runId: z.string(),
  ackSeq: z.coerce.number(),
  reservations: z.array(reservationSchema),
  nextStep: z.coerce.number(),
})

/**
 * Gives the rows and texts of batches of shared runs their steps, in the batches' order, and remembers them until they are
 * acknowledged: the same rows get the same steps again. Answers the batches with these steps, without records that are
 * stored. Throws NOT_FOUND when a writer is gone.
 */
export async function reserveForBatches(
  connection: Connection,
  batches: readonly { writer: WriterTarget; batch: HistoryBatch }[],
): Promise<HistoryBatch[]> {
  const { rows } = await connection.query(
    `SELECT w.id AS "writerId", r.id AS "runId", w.ack_seq AS "ackSeq", w.reservations, r.next_step AS "nextStep"
     FROM writer w JOIN run r ON r.id = w.run_id JOIN project p ON p.id = r.project_id
     WHERE (w.id, p.organization_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
     ORDER BY r.id, w.id
     FOR UPDATE OF r, w`,
    [batches.map(({ writer }) => writer.writerId), batches.map(({ writer }) => writer.scope.organizationId)],
  )
  const locked = z.array(reservingSchema).parse(rows)
  const writers = new Map(locked.map((writer) => [writer.writerId, writer]))
  const nextSteps = new Map(locked.map(({ runId, nextStep }) => [runId, nextStep]))
  const stepped = batches.map(({ writer: { writerId, runId }, batch }) => {
    const writer = writers.get(writerId)
    if (!writer) throw new KirokuError({ code: 'NOT_FOUND', message: `the run ${batch.run} is gone; call runs.create` })
    const fresh = trimBatch(batch, writer.ackSeq)
    const reserved = reserveSteps(writer.reservations, fresh, nextSteps.get(runId) ?? 0)
    writers.set(writerId, { ...writer, reservations: [...reserved.reservations] })
    nextSteps.set(runId, reserved.nextStep)
    return withReservedSteps(fresh, reserved.reservations)
  })
  await saveReservations(connection, [...writers.values()])
  await connection.query(
    `UPDATE run SET next_step = moved.next_step FROM unnest($1::uuid[], $2::bigint[]) AS moved (id, next_step)
     WHERE run.id = moved.id`,
    [[...nextSteps.keys()], [...nextSteps.values()]],
  )
  return stepped
}

async function saveReservations(
  connection: Connection,
  writers: readonly { writerId: string; reservations: readonly Reservation[] }[],
): Promise<void> {
  await connection.query(
    `UPDATE writer SET reservations = moved.reservations::jsonb
     FROM unnest($1::uuid[], $2::text[]) AS moved (id, reservations) WHERE writer.id = moved.id`,
    [writers.map(({ writerId }) => writerId), writers.map(({ reservations }) => JSON.stringify(reservations))],
  )
}
