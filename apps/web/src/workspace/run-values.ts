import type { Run } from '@kiroku/core/runs'
import { flatten, fromWireRecord, type Value, type WireRecord } from '@kiroku/core/values'

const flattened = new WeakMap<WireRecord, Record<string, Value>>()

const leaf = (value: unknown): Value => {
  if (value === null || typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean')
    return value
  return Array.isArray(value) ? value.map(leaf) : String(value)
}

/** A config's or summary's values by dotted key. */
export function flatValues(record: WireRecord): Readonly<Record<string, Value>> {
  const known = flattened.get(record)
  if (known !== undefined) return known
  const values = flatten(fromWireRecord(record), leaf)
  flattened.set(record, values)
  return values
}

/** The run's summary of a metric; of one with summary operations the best, last, lowest or highest that is kept. */
export function summaryValue(run: Pick<Run, 'summary'>, metric: string): Value | undefined {
  const values = flatValues(run.summary)
  const keys = [metric, ...['best', 'last', 'min', 'max', 'mean'].map((operation) => `${metric}.${operation}`)]
  return values[keys.find((key) => key in values) ?? metric]
}
