import { resolveDefinition } from '@kiroku/core/metrics'
import { type ExtendedValue, isExtendedRecord } from '@kiroku/wandb-format/extended-json'
import { readSummary } from '@kiroku/wandb-format/run-summary'
import { toNumber, toWireValue } from '@kiroku/wandb-format/wire'
import { comparable, type ScannedLog } from './scan-log.ts'

/**
 * What of a log's summary does not follow from its history, and so was set, or removed, by the script: the server makes the
 * rest itself, from all points of the run.
 */
export function summaryByHand({
  summary,
  removed,
  latest,
  definitions,
}: Pick<ScannedLog, 'summary' | 'removed' | 'latest' | 'definitions'>): {
  entries: Map<string, ExtendedValue>
  unset: string[]
} {
  const { entries } = readSummary(summary, definitions)
  const isByHand = (name: string, value: ExtendedValue): boolean => {
    const last = latest.get(name)
    if (last === undefined) return true
    const operations = resolveDefinition(definitions, name)?.summary ?? []
    if (operations.length > 0) return !isExtendedRecord(value) && !operations.includes('none')
    if (typeof value === 'object') return false
    return !Object.is(toNumber(value) ?? comparable(toWireValue(value)), last)
  }
  const byHand = new Map([...entries].filter(([name, value]) => isByHand(name, value)))
  return { entries: byHand, unset: [...removed].filter((name) => !entries.has(name)) }
}
