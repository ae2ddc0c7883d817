import { emptyRowBlock, type HistoryBatch, type RowBlock, type TextPoint } from '@kiroku/core/history'
import type { MetricDefinition } from '@kiroku/core/metrics'
import type { TrainerRow } from './trainer-state.ts'

/** Evaluation happens by the epoch: what Trainer names `eval_…` has `epoch` as its step metric. */
export const trainerDefinitions: MetricDefinition[] = [{ name: 'eval_*', stepMetric: 'epoch' }]

const rowsInBatch = 4096

export type BatchTarget = Pick<HistoryBatch, 'project' | 'run' | 'writer'>

/**
 * The one stream of records that a file is: each row, then its texts, row by row, and the finish last. The same rows give
 * the same numbers, so that a batch which is sent again changes nothing. `time` (unix milliseconds) is that of all rows,
 * because the file has none.
 */
export function* trainerBatches(
  rows: readonly TrainerRow[],
  time: number,
  target: BatchTarget,
): Generator<HistoryBatch, void> {
  let seq = 0
  for (let start = 0; start < rows.length; start += rowsInBatch) {
    const firstSeq = seq + 1
    const part = rows.slice(start, start + rowsInBatch)
    const seqs: number[] = []
    const texts: TextPoint[] = []
    for (const row of part) {
      seqs.push(++seq)
      for (const [metric, value] of row.texts) texts.push({ seq: ++seq, step: row.step, time, metric, value })
    }
    const history = columns(part, seqs, time)
    yield { ...target, firstSeq, lastSeq: seq, history, system: emptyRowBlock(), texts, updates: [], console: [] }
  }
  seq++
  yield {
    ...target,
    firstSeq: seq,
    lastSeq: seq,
    history: emptyRowBlock(),
    system: emptyRowBlock(),
    texts: [],
    updates: [{ type: 'finish', seq, state: 'finished', exitCode: 0, time }],
    console: [],
  }
}

function columns(rows: readonly TrainerRow[], seqs: readonly number[], time: number): RowBlock {
  const metrics = new Map<string, { rows: number[]; values: number[] }>()
  rows.forEach(({ numbers }, index) => {
    for (const [name, value] of numbers) {
      const column = metrics.get(name) ?? { rows: [], values: [] }
      metrics.set(name, column)
      column.rows.push(index)
      column.values.push(value)
    }
  })
  return {
    seqs: Float64Array.from(seqs),
    steps: Float64Array.from(rows, ({ step }) => step),
    times: new Float64Array(rows.length).fill(time),
    metrics: [...metrics].map(([name, column]) => ({
      name,
      rows: column.rows.length === rows.length ? null : Uint32Array.from(column.rows),
      values: Float64Array.from(column.values),
    })),
  }
}
