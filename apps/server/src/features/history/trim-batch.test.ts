import type { HistoryBatch, RowBlock } from '@kiroku/core/history'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batchOf, type TestRow } from '../../testing/factories.ts'
import { trimBatch } from './trim-batch.ts'

const run = { project: 'p', run: 'r', writer: 'w'.repeat(16) }

const rowsArbitrary = fc.array(
  fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.double(), { maxKeys: 3 }).map((values) => ({ values })),
  { maxLength: 20 },
)

/** A block as a list of what each record says. */
const records = (block: RowBlock): unknown[] =>
  [...block.seqs].map((seq, row) => ({
    seq,
    step: block.steps[row],
    time: block.times[row],
    values: Object.fromEntries(
      block.metrics.flatMap(({ name, rows, values }) => {
        const index = rows === null ? row : rows.indexOf(row)
        return index < 0 ? [] : [[name, values[index]]]
      }),
    ),
  }))

const all = (batch: HistoryBatch) => ({
  history: records(batch.history),
  system: records(batch.system),
  texts: batch.texts,
  updates: batch.updates,
  console: batch.console,
})

describe('a trimmed batch', () => {
  it('holds just the records above the acknowledged one, whatever the columns look like', () => {
    fc.assert(
      fc.property(
        rowsArbitrary,
        rowsArbitrary,
        fc.nat(60),
        fc.integer({ min: 1, max: 10 }),
        (rows, more, ack, first) => {
          const stepped = (list: { values: Record<string, number> }[]): TestRow[] =>
            list.map(({ values }, step) => ({ step, values }))
          const batch = batchOf(run, {
            firstSeq: first,
            rows: stepped(rows),
            systemRows: stepped(more),
            texts: [{ step: 0, time: 0, metric: 't', value: 'x' }],
            updates: [{ type: 'config', set: {} }],
            console: [{ line: 0, stream: 'stdout', time: 0, text: 'x' }],
          })
          const trimmed = trimBatch(batch, ack)
          const isAbove = (record: unknown): boolean => Object(record).seq > ack
          const whole = all(batch)
          expect(all(trimmed)).toEqual({
            history: whole.history.filter(isAbove),
            system: whole.system.filter(isAbove),
            texts: whole.texts.filter(isAbove),
            updates: whole.updates.filter(isAbove),
            console: whole.console.filter(isAbove),
          })
          expect(trimmed.lastSeq).toBe(batch.lastSeq)
        },
      ),
    )
  })

  it('refuses records that are numbered outside of it', () => {
    const batch = batchOf(run, { firstSeq: 5, rows: [{ step: 0, values: { a: 1 } }] })
    expect(() => trimBatch({ ...batch, firstSeq: 6, lastSeq: 6 }, 0)).toThrow('record 5 is outside of 6 to 6')
    expect(() => trimBatch({ ...batch, lastSeq: 4 }, 0)).toThrow('record 5 is outside of 5 to 4')
  })
})
