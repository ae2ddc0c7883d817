import type { RowBlock } from '@kiroku/core/history'
import type { Assembled } from './assembler.ts'

/** What a batch holds of its records from `firstSeq` to `lastSeq`. */
export function partOf(batch: Assembled, firstSeq: number, lastSeq: number): Assembled {
  const isIn = ({ seq }: { seq: number }): boolean => seq >= firstSeq && seq <= lastSeq
  return {
    firstSeq,
    lastSeq,
    texts: batch.texts.filter(isIn),
    updates: batch.updates.filter(isIn),
    console: batch.console.filter(isIn),
    history: rowsOf(batch.history, isIn),
    system: rowsOf(batch.system, isIn),
  }
}

/** The two halves of a batch of two records or more. */
export function halvesOf(batch: Assembled): [Assembled, Assembled] {
  const middle = Math.floor((batch.firstSeq + batch.lastSeq) / 2)
  return [partOf(batch, batch.firstSeq, middle), partOf(batch, middle + 1, batch.lastSeq)]
}

/** What the record of a batch of one is, for people. */
export function describeRecord({ history, texts, updates, console: lines }: Assembled): string {
  const [update] = updates
  if (update !== undefined) return update.type === 'file' ? `the file ${update.path}` : `a ${update.type} update`
  const step = history.steps[0] ?? texts[0]?.step
  if (step !== undefined) return `the row of step ${step}`
  return lines.length > 0 ? 'what was printed' : 'a row of the machine'
}

function rowsOf(block: RowBlock, isIn: (row: { seq: number }) => boolean): RowBlock {
  const kept = Array.from(block.seqs, (seq, row) => (isIn({ seq }) ? row : -1)).filter((row) => row >= 0)
  if (kept.length === block.seqs.length) return block
  const places = new Map(kept.map((row, place) => [row, place]))
  const pick = (column: Float64Array): Float64Array<ArrayBuffer> => Float64Array.from(kept, (row) => column[row] ?? 0)
  const metrics = block.metrics.flatMap(({ name, rows, values }) => {
    const inRows = rows ?? Uint32Array.from(block.seqs, (_, row) => row)
    const at = Array.from(inRows, (row, index) => ({ place: places.get(row), value: values[index] ?? 0 }))
    const own = at.flatMap(({ place, value }) => (place === undefined ? [] : [{ place, value }]))
    if (own.length === 0) return []
    const isDense = own.length === kept.length
    return [
      {
        name,
        rows: isDense ? null : Uint32Array.from(own, ({ place }) => place),
        values: Float64Array.from(own, ({ value }) => value),
      },
    ]
  })
  return { seqs: pick(block.seqs), steps: pick(block.steps), times: pick(block.times), metrics }
}
