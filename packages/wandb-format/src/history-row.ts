import type { Rejection } from '@kiroku/core/history'
import { metricNameSchema } from '@kiroku/core/metrics'
import { maxTimeMs } from '@kiroku/core/runs'
import { cleanText, type WireValue } from '@kiroku/core/values'
import { type ExtendedRecord, type ExtendedValue, isExtendedRecord } from './extended-json.ts'
import { isMedia } from './media-values.ts'
import { toNumber, toWireValue } from './wire.ts'

/**
 * A row of `wandb-history.jsonl`. Nested records are opened to dotted names. `numbers` are points, integers beyond 2^53 as
 * the nearest double; `texts` are in wire form; `media` are records with a `_type`, for `toKirokuMedia`. A metric is in one of
 * them. `step` is null where the row has none (shared mode); `time` is unix milliseconds.
 */
export type HistoryRow = {
  step: number | null
  time: number | null
  /** Since the run's start, as the client has it, which is wrong after some resumes. */
  runtimeMs: number | null
  numbers: Map<string, number>
  texts: Map<string, WireValue>
  media: Map<string, ExtendedRecord>
  /** Metrics whose names cannot be stored. */
  refused: Rejection[]
}

const maxDepth = 32
const rowFields = new Set(['_step', '_timestamp', '_runtime', '_wandb'])

/** Reads a parsed row, flat or nested. What is `null` stays a text, as the SDK keeps it. */
export function readHistoryRow(record: ExtendedRecord): HistoryRow {
  const step = toNumber(record['_step'])
  const row: HistoryRow = {
    step: step !== undefined && Number.isSafeInteger(step) ? step : null,
    time: toTimeMs(record['_timestamp']),
    runtimeMs: toDurationMs(record['_runtime']),
    numbers: new Map(),
    texts: new Map(),
    media: new Map(),
    refused: [],
  }
  for (const [key, value] of Object.entries(record)) if (!rowFields.has(key)) addMetric(row, key, value, 1)
  return row
}

/** Unix seconds as whole milliseconds; null for what is no time. */
export function toTimeMs(seconds: ExtendedValue | undefined): number | null {
  const ms = Math.round((toNumber(seconds) ?? Number.NaN) * 1000)
  return Math.abs(ms) <= maxTimeMs ? ms : null
}

/** Seconds as whole milliseconds; null for what is no duration, a negative one too. */
export function toDurationMs(seconds: ExtendedValue | undefined): number | null {
  const ms = toTimeMs(seconds)
  return ms !== null && ms >= 0 ? ms : null
}

function addMetric(row: HistoryRow, name: string, value: ExtendedValue, depth: number): void {
  if (isExtendedRecord(value) && !isMedia(value) && depth < maxDepth) {
    for (const [key, item] of Object.entries(value)) addMetric(row, `${name}.${key}`, item, depth + 1)
    return
  }
  const metric = cleanText(name)
  const parsed = metricNameSchema.safeParse(metric)
  if (!parsed.success) {
    const reason = parsed.error.issues[0]?.message ?? 'it is no metric name'
    row.refused.push({ metric: metric.slice(0, 100), reason })
    return
  }
  row.numbers.delete(metric)
  row.texts.delete(metric)
  row.media.delete(metric)
  const number = toNumber(value)
  if (number !== undefined) row.numbers.set(metric, number)
  else if (isExtendedRecord(value) && isMedia(value)) row.media.set(metric, value)
  else row.texts.set(metric, toWireValue(value))
}
