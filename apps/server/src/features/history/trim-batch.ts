import { KirokuError } from '@kiroku/core/errors'
import type { HistoryBatch, RowBlock } from '@kiroku/core/history'

/**
 * The batch without its records up to `ackSeq`: what is stored already is passed over. Columns are views where they can
 * be. Throws BAD_REQUEST when a record is numbered outside the batch.
 */
export function trimBatch(batch: HistoryBatch, ackSeq: number): HistoryBatch {
  checkNumbers(batch)
  if (ackSeq < batch.firstSeq) return batch
  return {
    ...batch,
    firstSeq: Math.min(ackSeq, batch.lastSeq) + 1,
    history: trimBlock(batch.history, ackSeq),
    system: trimBlock(batch.system, ackSeq),
    texts: batch.texts.filter(({ seq }) => seq > ackSeq),
    updates: batch.updates.filter(({ seq }) => seq > ackSeq),
    console: batch.console.filter(({ seq }) => seq > ackSeq),
  }
}

function checkNumbers({ firstSeq, lastSeq, history, system, ...batch }: HistoryBatch): void {
  const numbers = [history.seqs.at(0), history.seqs.at(-1), system.seqs.at(0), system.seqs.at(-1)]
  const records = [batch.texts, batch.updates, batch.console].flatMap((some) => some.map(({ seq }) => seq))
  const all = [...numbers, ...records]
  const outside = all.find((seq) => seq !== undefined && (seq < firstSeq || seq > lastSeq))
  if (outside === undefined) return
  const message = `history batch: record ${outside} is outside of ${firstSeq} to ${lastSeq}`
  throw new KirokuError({ code: 'BAD_REQUEST', message })
}

function trimBlock(block: RowBlock, ackSeq: number): RowBlock {
  const from = firstAbove(block.seqs, ackSeq)
  if (from === 0) return block
  return {
    seqs: block.seqs.subarray(from),
    steps: block.steps.subarray(from),
    times: block.times.subarray(from),
    metrics: block.metrics.flatMap(({ name, rows, values }) => {
      const start = rows === null ? from : firstAbove(rows, from - 1)
      if (start >= values.length) return []
      const kept = rows === null ? null : rows.slice(start).map((row) => row - from)
      return [{ name, rows: kept, values: values.subarray(start) }]
    }),
  }
}

/** The index of the first of the rising numbers that is above `limit`; their count when none is. */
function firstAbove(rising: Float64Array | Uint32Array, limit: number): number {
  let low = 0
  let high = rising.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((rising[middle] ?? 0) > limit) high = middle
    else low = middle + 1
  }
  return low
}
