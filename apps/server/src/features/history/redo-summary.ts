import type { MetricTotals } from '@kiroku/core/summary'
import type { WireValue } from '@kiroku/core/values'
import { type RunDocument, showTotals, totalsKey, wireKey } from './apply-batch.ts'

/** What is left of a run's history: the totals of its metrics, and each metric's last text. */
export type LeftHistory = {
  totals: ReadonlyMap<string, MetricTotals>
  texts: ReadonlyMap<string, { step: number; value: WireValue }>
}

/** The metrics whose totals are not what the document has any more. */
export function movedMetrics(document: RunDocument, left: LeftHistory): Set<string> {
  const moved = new Set<string>()
  for (const { stream, name, totals } of document.totals.values()) {
    const now = left.totals.get(name)
    if (stream === 'history' && (now?.count !== totals.count || now.lastStep !== totals.lastStep)) moved.add(name)
  }
  return moved
}

/**
 * Brings a document to what is left of the history: all its totals, its last step, and the summary of the metrics in
 * `names`, each as its last point or text has it. What people set for other metrics stays.
 */
export function redoDocument(document: RunDocument, left: LeftHistory, names: Iterable<string>): void {
  for (const [key, { stream, name }] of document.totals)
    if (stream === 'history' && !left.totals.has(name)) document.totals.delete(key)
  for (const [name, totals] of left.totals)
    document.totals.set(totalsKey('history', name), { stream: 'history', name, totals })
  for (const name of names) {
    const key = wireKey(name)
    const totals = left.totals.get(name)
    const text = left.texts.get(name)
    document.summary.delete(key)
    document.explicit.delete(key)
    if (text && (totals === undefined || text.step >= totals.lastStep)) {
      document.summary.set(key, text.value)
      document.explicit.add(key)
    } else if (totals) showTotals(document, name)
  }
  const steps = [...left.totals.values()].map(({ lastStep }) => lastStep)
  for (const { step } of left.texts.values()) steps.push(step)
  document.lastStep = steps.length === 0 ? null : steps.reduce((most, step) => Math.max(most, step))
}
