import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { KirokuError } from '@kiroku/core/errors'
import { maxMetricNameLength } from '@kiroku/core/metrics'
import {
  flatten,
  isRecord,
  toWire,
  toWireRecord,
  type Value,
  type WireRecord,
  type WireValue,
} from '@kiroku/core/values'
import { parsePythonJson } from './python-json.ts'

/** All that was logged at one step. `texts` are the values that are no numbers, in wire form. */
export type TrainerRow = { step: number; numbers: Map<string, number>; texts: Map<string, WireValue> }

/** A trainer_state.json, read. */
export type TrainerState = {
  /** SHA-256 of the content (unpacked), in hexadecimal: the same for a file and its gzipped copy. */
  digest: string
  /** The file's own numbers, texts and truth values. */
  config: WireRecord
  /** One row a step, by step. */
  rows: TrainerRow[]
  /** How many values a later entry of the same step replaced by another value. */
  replacedCount: number
}

/** Reads the bytes of a trainer_state.json, plain or gzipped. Throws BAD_REQUEST that says what is wrong and what to do. */
export function readTrainerState(bytes: Uint8Array): TrainerState {
  const content = unpack(bytes)
  const file = parse(content)
  if (!isRecord(file) || !Array.isArray(file['log_history'])) {
    throw wrong('it has no `log_history` list; give a trainer_state.json that Hugging Face Trainer wrote')
  }
  const { rows, replacedCount } = readEntries(file['log_history'])
  if (rows.length === 0) throw wrong('its `log_history` is empty; give the file of a training that logged')
  return { digest: createHash('sha256').update(content).digest('hex'), config: readConfig(file), rows, replacedCount }
}

const wrong = (message: string, cause?: unknown): KirokuError =>
  new KirokuError({ code: 'BAD_REQUEST', message, cause })

function unpack(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  try {
    return gunzipSync(bytes)
  } catch (cause) {
    throw wrong('its gzip data is broken or cut short; copy or download it again', cause)
  }
}

function parse(content: Uint8Array): unknown {
  try {
    return parsePythonJson(new TextDecoder('utf-8', { fatal: true }).decode(content))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw wrong(`it is not JSON (${why}); copy or download it again`, cause)
  }
}

function readConfig(file: Record<string, unknown>): WireRecord {
  const config: Record<string, Value> = {}
  for (const [key, value] of Object.entries(file)) {
    if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') config[key] = value
  }
  return toWireRecord(config)
}

function readEntries(entries: readonly unknown[]): { rows: TrainerRow[]; replacedCount: number } {
  const bySteps = new Map<number, TrainerRow>()
  let replacedCount = 0
  entries.forEach((entry, index) => {
    const { step, values } = readEntry(entry, index)
    const row = bySteps.get(step) ?? { step, numbers: new Map(), texts: new Map() }
    bySteps.set(step, row)
    for (const [key, value] of Object.entries(values)) {
      if (isReplaced(row, key, value)) replacedCount++
      put(row, key, value)
    }
  })
  return { rows: [...bySteps.values()].sort((a, b) => a.step - b.step), replacedCount }
}

function readEntry(entry: unknown, index: number): { step: number; values: Record<string, Value> } {
  const name = `entry ${index + 1} of its \`log_history\``
  if (!isRecord(entry)) throw wrong(`${name} is no object; give the file as Trainer wrote it`)
  const { step, ...rest } = entry
  if (typeof step !== 'number' || !Number.isSafeInteger(step)) {
    throw wrong(`${name} has no whole number as \`step\`; give the file as Trainer wrote it`)
  }
  const values = flatten(rest, toValue)
  const unusable = Object.keys(values).find((key) => key === '' || key.length > maxMetricNameLength)
  if (unusable !== undefined) {
    throw wrong(`${name} has a key of ${unusable.length} characters; 1 to ${maxMetricNameLength} can be stored`)
  }
  return { step, values }
}

function toValue(value: unknown): Value {
  if (Array.isArray(value)) return value.map(toValue)
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toValue(inner)]))
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? value : null
}

function isReplaced(row: TrainerRow, key: string, value: Value): boolean {
  const known = row.numbers.get(key)
  if (known !== undefined) return !Object.is(known, value)
  return row.texts.has(key) && JSON.stringify(row.texts.get(key)) !== JSON.stringify(toWire(value))
}

function put(row: TrainerRow, key: string, value: Value): void {
  row.numbers.delete(key)
  row.texts.delete(key)
  if (typeof value === 'number') row.numbers.set(key, value)
  else row.texts.set(key, toWire(value))
}
