import { type MetricDefinition, resolveDefinition } from '@kiroku/core/metrics'
import { cleanText } from '@kiroku/core/values'
import { type ExtendedRecord, type ExtendedValue, isExtendedRecord } from './extended-json.ts'
import { toDurationMs } from './history-row.ts'
import { isMedia } from './media-values.ts'
import { toNumber } from './wire.ts'

/**
 * A run's summary under dotted names, values as they came: `toKirokuMedia` is for those that are media, `toWireValue` for all
 * others. `runtimeMs` and `lastStep` are null where it does not tell.
 */
export type RunSummary = { entries: Map<string, ExtendedValue>; runtimeMs: number | null; lastStep: number | null }

const maxDepth = 32
const ownKeys = new Set(['_wandb', '_step', '_runtime', '_timestamp'])
const aggregates = new Set(['min', 'max', 'mean', 'last', 'first', 'best'])

/**
 * Reads a summary document, nested or flat. A record of aggregates (`{ min, max }`) of a metric whose definition asks for them
 * is one entry; what is null is none. A client that goes on with a run has what was logged before under dotted names, and sends
 * it beside what it logs anew, in any order: of two spellings of a name the nested one counts.
 */
export function readSummary(record: ExtendedRecord, definitions: readonly MetricDefinition[] = []): RunSummary {
  const opened: { name: string; value: ExtendedValue; depth: number }[] = []
  const open = (name: string, value: ExtendedValue, depth: number): void => {
    if (value === null) return
    if (isExtendedRecord(value) && !isMedia(value) && depth < maxDepth && !isAggregate(name, value, definitions)) {
      for (const [key, item] of Object.entries(value)) open(`${name}.${key}`, item, depth + 1)
    } else opened.push({ name: cleanText(name), value, depth })
  }
  for (const [key, value] of Object.entries(record)) if (!ownKeys.has(key)) open(key, value, 1)
  opened.sort((left, right) => left.depth - right.depth)
  const own = isExtendedRecord(record['_wandb']) ? record['_wandb']['runtime'] : undefined
  const lastStep = toNumber(record['_step'])
  return {
    entries: new Map(opened.map(({ name, value }) => [name, value])),
    runtimeMs: toDurationMs(own) ?? toDurationMs(record['_runtime']),
    lastStep: lastStep !== undefined && Number.isSafeInteger(lastStep) ? lastStep : null,
  }
}

function isAggregate(name: string, value: ExtendedRecord, definitions: readonly MetricDefinition[]): boolean {
  const operations = resolveDefinition(definitions, name)?.summary ?? []
  const keys = Object.keys(value)
  return operations.length > 0 && keys.length > 0 && keys.every((key) => aggregates.has(key))
}
