import { metricNameSchema } from '@kiroku/core/metrics'
import { cleanText } from '@kiroku/core/values'
import type { ExtendedRecord } from './extended-json.ts'
import { toTimeMs } from './history-row.ts'
import { toNumber } from './wire.ts'

/** A row of `wandb-events.jsonl`: what a machine did at `time` (unix milliseconds), under the names of Kiroku's SDK. */
export type SystemRow = { time: number | null; numbers: Map<string, number> }

/** Reads a parsed row. What is no number, and the client's own fields, is left out. */
export function readSystemRow(record: ExtendedRecord): SystemRow {
  const numbers = new Map<string, number>()
  for (const [key, value] of Object.entries(record)) {
    const name = key.startsWith('_') ? undefined : systemMetricName(key)
    const number = toNumber(value)
    if (name !== undefined && number !== undefined) numbers.set(name, number)
  }
  return { time: toTimeMs(record['_timestamp']), numbers }
}

/** What older clients and other machines call a metric that the SDK has, too. */
const renamed: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^memory$/, 'memory_percent'],
  [/^(gpu\.(?:process\.)?\d+)\.memoryReadWriteActivity$/, '$1.memory'],
  [/^(gpu\.(?:process\.)?\d+)\.memory_allocated$/, '$1.memoryAllocated'],
  [/^disk$/, 'disk./.usagePercent'],
]

/**
 * The name under which Kiroku's charts know a system metric: without `system.`, paths with `/`; the label of a process stays
 * behind `/l:`. Undefined for one that cannot be stored.
 */
export function systemMetricName(key: string): string | undefined {
  const [, whole = '', label = ''] = /^(?:system\.)?(.*?)(\/l:.+)?$/s.exec(key) ?? []
  const path = whole.startsWith('disk.') ? whole.replaceAll('\\', '/') : whole
  const rule = renamed.find(([pattern]) => pattern.test(path))
  const name = cleanText((rule ? path.replace(rule[0], rule[1]) : path) + label)
  return metricNameSchema.safeParse(name).success && path !== '' && !path.startsWith('_') ? name : undefined
}
