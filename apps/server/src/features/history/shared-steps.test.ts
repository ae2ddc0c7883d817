import type { HistoryBatch } from '@kiroku/core/history'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batchOf } from '../../testing/factories.ts'
import { type Reservation, releaseSteps, reserveSteps, steppedSeqs, withReservedSteps } from './shared-steps.ts'
import { trimBatch } from './trim-batch.ts'

const run = { project: 'p', run: 'r', writer: 'w'.repeat(16) }

/** A writer's stream: what kind of record each number is. */
type Kind = 'row' | 'row with a text' | 'text' | 'line'

type WriterOfTest = {
  stream: readonly Kind[]
  ackSeq: number
  reservations: readonly Reservation[]
  given: Map<number, number>
}

function cut(kinds: readonly Kind[], firstSeq: number, lastSeq: number): HistoryBatch {
  const numbered = kinds.map((kind, index) => ({ kind, seq: index + 1 })).slice(firstSeq - 1, lastSeq)
  const rows = numbered.filter(({ kind }) => kind.startsWith('row'))
  const { history } = batchOf(run, { rows: rows.map(() => ({ step: 7, values: { v: 1 } })) })
  return {
    ...batchOf(run, {}),
    firstSeq,
    lastSeq,
    history: { ...history, seqs: Float64Array.from(rows, ({ seq }) => seq) },
    texts: numbered
      .filter(({ kind }) => kind.endsWith('text'))
      .map(({ seq }) => ({ seq, step: 7, time: 0, metric: 'note', value: 'x' })),
  }
}

const stepsOf = (batch: HistoryBatch): [number, number][] => {
  const steps = new Map<number, number>()
  batch.history.seqs.forEach((seq, row) => {
    steps.set(seq, batch.history.steps[row] ?? Number.NaN)
  })
  for (const { seq, step } of batch.texts) {
    expect(steps.get(seq) ?? step).toBe(step)
    steps.set(seq, step)
  }
  return [...steps].sort(([left], [right]) => left - right)
}

describe('the steps of a shared run', () => {
  it('are given once, in order of arrival, and stay, whatever is sent again in whatever limits', () => {
    const kinds = fc.array(fc.constantFrom<Kind>('row', 'row with a text', 'text', 'line'), { maxLength: 30 })
    const attempts = fc.array(
      fc.record({ writer: fc.nat(1), length: fc.nat(12), overlap: fc.nat(5), isAcknowledged: fc.boolean() }),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(fc.tuple(kinds, kinds), attempts, (streams, sends) => {
        const writers = streams.map(
          (stream): WriterOfTest => ({
            stream,
            ackSeq: 0,
            reservations: [],
            given: new Map<number, number>(),
          }),
        )
        let nextStep = 0
        for (const { writer: index, length, overlap, isAcknowledged } of sends) {
          const writer = writers[index]
          if (!writer) continue
          const firstSeq = Math.max(1, writer.ackSeq + 1 - overlap)
          const lastSeq = Math.min(writer.stream.length, writer.ackSeq + length)
          if (lastSeq < firstSeq) continue
          const batch = trimBatch(cut(writer.stream, firstSeq, lastSeq), writer.ackSeq)
          const reserved = reserveSteps(writer.reservations, batch, nextStep)
          nextStep = reserved.nextStep
          writer.reservations = reserved.reservations
          for (const [seq, step] of stepsOf(withReservedSteps(batch, reserved.reservations))) {
            expect(writer.given.get(seq) ?? step).toBe(step)
            writer.given.set(seq, step)
          }
          if (!isAcknowledged) continue
          writer.ackSeq = Math.max(writer.ackSeq, lastSeq)
          writer.reservations = releaseSteps(writer.reservations, batch, writer.ackSeq)
        }
        const all = writers.flatMap(({ given }) => [...given.values()]).sort((left, right) => left - right)
        expect(all).toEqual(Array.from({ length: nextStep }, (_, step) => step))
        for (const { given } of writers) {
          const bySeq = [...given].sort(([left], [right]) => left - right).map(([, step]) => step)
          expect(bySeq).toEqual([...bySeq].sort((left, right) => left - right))
        }
      }),
      { numRuns: 500 },
    )
  })

  it('are shared by a row and its texts', () => {
    expect(steppedSeqs(cut(['row with a text', 'line', 'text', 'row'], 1, 4))).toEqual([1, 3, 4])
  })
})
