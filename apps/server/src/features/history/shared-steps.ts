import type { HistoryBatch } from '@kiroku/core/history'
import * as z from 'zod'

/**
 * Steps that a shared run gave to the records `firstSeq` to `lastSeq` of a writer: the `rows` of them that have a step take
 * `step` and those after it, in their order.
 */
export const reservationSchema = z.object({
  firstSeq: z.number(),
  lastSeq: z.number(),
  rows: z.number(),
  step: z.number(),
})
export type Reservation = z.infer<typeof reservationSchema>

/** The numbers of a batch's records that have a step, rising: a row's texts have its number. */
export function steppedSeqs({ history, texts }: Pick<HistoryBatch, 'history' | 'texts'>): number[] {
  if (texts.length === 0) return [...history.seqs]
  const seqs = new Set(history.seqs)
  for (const { seq } of texts) seqs.add(seq)
  return [...seqs].sort((left, right) => left - right)
}

/**
 * Reserves steps from `nextStep` on for what a batch has beyond the reservations that there are. The batch begins right
 * after the writer's last stored record.
 */
export function reserveSteps(
  reservations: readonly Reservation[],
  batch: HistoryBatch,
  nextStep: number,
): { reservations: readonly Reservation[]; nextStep: number } {
  const reserved = Math.max(0, ...reservations.map(({ lastSeq }) => lastSeq))
  const rows = steppedSeqs(batch).filter((seq) => seq > reserved).length
  if (rows === 0) return { reservations, nextStep }
  const firstSeq = Math.max(reserved + 1, batch.firstSeq)
  const added = { firstSeq, lastSeq: batch.lastSeq, rows, step: nextStep }
  return { reservations: [...reservations, added], nextStep: nextStep + rows }
}

/** The batch with the steps that are reserved for its rows and texts in the place of those it came with. */
export function withReservedSteps(batch: HistoryBatch, reservations: readonly Reservation[]): HistoryBatch {
  const steps = new Map<number, number>()
  const seqs = steppedSeqs(batch)
  for (const { firstSeq, lastSeq, step } of reservations) {
    const inside = seqs.filter((seq) => seq >= firstSeq && seq <= lastSeq)
    inside.forEach((seq, index) => {
      steps.set(seq, step + index)
    })
  }
  return {
    ...batch,
    history: {
      ...batch.history,
      steps: batch.history.steps.map((own, row) => steps.get(batch.history.seqs[row] ?? 0) ?? own),
    },
    texts: batch.texts.map((text) => ({ ...text, step: steps.get(text.seq) ?? text.step })),
  }
}

/** The reservations that are left when the records of a batch up to `ackSeq` are stored. */
export function releaseSteps(
  reservations: readonly Reservation[],
  batch: HistoryBatch,
  ackSeq: number,
): readonly Reservation[] {
  if (reservations.length === 0) return reservations
  const seqs = steppedSeqs(batch)
  return reservations.flatMap((reservation) => {
    const { firstSeq, lastSeq, rows, step } = reservation
    if (lastSeq <= ackSeq) return []
    if (firstSeq > ackSeq) return [reservation]
    const stored = seqs.filter((seq) => seq >= firstSeq && seq <= ackSeq).length
    return [{ firstSeq: ackSeq + 1, lastSeq, rows: rows - stored, step: step + stored }]
  })
}
