import { type HistoryBatch, type RowBlock, type Stream, streamSchema } from '@kiroku/core/history'
import { type DocumentTotals, totalsKey } from './apply-batch.ts'

/** A metric whose totals have to be counted anew from its points. */
export type MetricToCount = { stream: Stream; name: string }

/**
 * The metrics of batches, in their order, that have a point at or below a step which the metric has reached: it may take
 * the place of another one, and so the totals cannot be added up. `totals` are those before the batches.
 */
export function metricsToRecount(
  totals: ReadonlyMap<string, DocumentTotals>,
  batches: readonly HistoryBatch[],
): Map<string, MetricToCount> {
  const found = new Map<string, MetricToCount>()
  const reached = new Map<string, number>()
  for (const batch of batches) {
    for (const stream of streamSchema.options) {
      const block = batch[stream]
      const isRising = rises(block.steps, null)
      const most = isRising ? 0 : highest(block.steps)
      for (const { name, rows, values } of block.metrics) {
        if (values.length === 0) continue
        const key = totalsKey(stream, name)
        const known = totals.get(key)?.totals
        const before = reached.get(key) ?? (known && known.count > 0 ? known.lastStep : Number.NEGATIVE_INFINITY)
        const { first, last } = endsOf(block, rows)
        if (first <= before || !(isRising || rises(block.steps, rows))) found.set(key, { stream, name })
        reached.set(key, Math.max(before, isRising ? last : most))
      }
    }
  }
  return found
}

function endsOf({ steps }: RowBlock, rows: Uint32Array | null): { first: number; last: number } {
  const first = rows === null ? 0 : (rows[0] ?? 0)
  const last = rows === null ? steps.length - 1 : (rows.at(-1) ?? 0)
  return { first: steps[first] ?? 0, last: steps[last] ?? 0 }
}

function rises(steps: Float64Array, rows: Uint32Array | null): boolean {
  const length = rows === null ? steps.length : rows.length
  const at = (index: number): number => steps[rows === null ? index : (rows[index] ?? 0)] ?? 0
  for (let index = 1; index < length; index++) if (!(at(index) > at(index - 1))) return false
  return true
}

const highest = (steps: Float64Array): number =>
  steps.reduce((most, step) => Math.max(most, step), Number.NEGATIVE_INFINITY)
