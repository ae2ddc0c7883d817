import type { ExtendedRecord } from '@kiroku/wandb-format/extended-json'
import type { WandbMetric } from '@kiroku/wandb-format/metric-definitions'
import { fieldsOf, visitFields } from '../proto.ts'
import { readEnvironmentRecord, timestampMs } from './environment-record.ts'
import { type Changes, type Item, readChanges, readItem, utf8 } from './record-items.ts'
import { type RunFields, readRun, readTelemetry, type Telemetry } from './run-fields.ts'

/** What a record of a log says. Times are unix milliseconds. `other` is what no import has a place for, by its name. */
export type LogContent =
  | { kind: 'run'; run: RunFields }
  | ({ kind: 'config' } & Changes)
  | ({ kind: 'summary' } & Changes)
  | { kind: 'history'; items: Item[]; step: number | null }
  | { kind: 'system'; items: Item[]; time: number | null }
  | { kind: 'output'; stream: 'stdout' | 'stderr'; time: number | null; bytes: Uint8Array }
  | { kind: 'metric'; metric: WandbMetric; overwrite: boolean }
  | { kind: 'environment'; environment: ExtendedRecord }
  | { kind: 'telemetry'; telemetry: Telemetry }
  | { kind: 'exit'; exitCode: number }
  | { kind: 'other'; name: string }
  | { kind: 'nothing' }

/** A record, numbered by the client; 0 where it is not. */
export type LogRecord = { num: number; content: LogContent }

/** What is told as not imported; everything else that is not read says nothing that Kiroku keeps. */
const others: Readonly<Record<number, string>> = {
  8: 'artifacts',
  9: 'TensorBoard links',
  10: 'alerts',
  25: 'uses of artifacts',
  27: 'lines of loggers',
}

/** The kinds of records that rows, metrics and lines are in. */
export const streamed: ReadonlySet<number> = new Set([2, 7, 12, 13])

/** Reads a record; of those in `wanted` only, where it is given. Throws RangeError when the bytes are none. */
export function readLogRecord(message: Uint8Array, wanted?: ReadonlySet<number>): LogRecord {
  const record: LogRecord = { num: 0, content: { kind: 'nothing' } }
  for (const { number, value, bytes, isBytes } of fieldsOf(message)) {
    if (number === 1) record.num = value
    else if (isBytes && wanted?.has(number) !== false) record.content = readContent(number, bytes) ?? record.content
  }
  return record
}

function readContent(number: number, bytes: Uint8Array): LogContent | undefined {
  switch (number) {
    case 2:
      return readHistory(bytes)
    case 3:
      return { kind: 'summary', ...readChanges(bytes) }
    case 5:
      return { kind: 'config', ...readChanges(bytes) }
    case 7:
      return readSystem(bytes)
    case 11:
      return { kind: 'telemetry', telemetry: readTelemetry(bytes) }
    case 12:
      return readMetric(bytes)
    case 13:
      return readOutput(bytes)
    case 17:
      return { kind: 'run', run: readRun(bytes) }
    case 18:
      return { kind: 'exit', exitCode: numbersIn(bytes).get(1) ?? 0 }
    case 26:
      return { kind: 'environment', environment: readEnvironmentRecord(bytes) }
    default: {
      const name = others[number]
      return name === undefined ? undefined : { kind: 'other', name }
    }
  }
}

function readHistory(message: Uint8Array): LogContent {
  const items: Item[] = []
  let step: number | null = null
  visitFields(message, (number, _value, bytes) => {
    if (bytes === null) return
    if (number === 1) items.push(readItem(bytes))
    else if (number === 2) step = safeInteger(numbersIn(bytes).get(1) ?? 0)
  })
  return { kind: 'history', items, step }
}

function readSystem(message: Uint8Array): LogContent {
  const items: Item[] = []
  let time: number | null = null
  for (const { number, bytes, isBytes } of fieldsOf(message)) {
    if (!isBytes) continue
    if (number === 2) time = timestampMs(bytes)
    else if (number === 3) items.push(readItem(bytes))
  }
  return { kind: 'system', items, time }
}

function readOutput(message: Uint8Array): LogContent {
  let stream: 'stdout' | 'stderr' = 'stderr'
  let time: number | null = null
  let line: Uint8Array = new Uint8Array(0)
  for (const { number, value, bytes } of fieldsOf(message)) {
    if (number === 1) stream = value === 1 ? 'stdout' : 'stderr'
    else if (number === 2) time = timestampMs(bytes)
    else if (number === 3) line = bytes
  }
  return { kind: 'output', stream, time, bytes: line }
}

function readMetric(message: Uint8Array): LogContent {
  const metric: WandbMetric = {}
  let overwrite = false
  for (const { number, value, bytes } of fieldsOf(message)) {
    if (number === 1) metric.name = utf8(bytes)
    else if (number === 2) metric.glob = utf8(bytes)
    else if (number === 4) metric.stepMetric = utf8(bytes)
    else if (number === 6) {
      const options = numbersIn(bytes)
      metric.stepSync = options.get(1) === 1
      metric.hidden = options.get(2) === 1
    } else if (number === 7) metric.summary = [...numbersIn(bytes)].flatMap(([which, isOn]) => (isOn ? [which] : []))
    else if (number === 8) metric.goal = value
    else if (number === 9) overwrite = numbersIn(bytes).get(1) === 1
  }
  return { kind: 'metric', metric, overwrite }
}

const safeInteger = (value: number): number | null => (Number.isSafeInteger(value) ? value : null)

/** The numbers of a message of plain numbers, by their fields. */
function numbersIn(message: Uint8Array): Map<number, number> {
  return new Map([...fieldsOf(message)].map(({ number, value }) => [number, value]))
}
