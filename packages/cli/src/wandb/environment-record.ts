import { maxTimeMs } from '@kiroku/core/runs'
import type { ExtendedRecord } from '@kiroku/wandb-format/extended-json'
import { fieldsOf } from '../proto.ts'
import { utf8 } from './record-items.ts'

/** A `Timestamp` (seconds = 1, nanoseconds = 2) in unix milliseconds; null for one that no date can hold. */
export function timestampMs(message: Uint8Array): number | null {
  let ms = 0
  for (const { number, value } of fieldsOf(message)) {
    if (number === 1) ms += value * 1000
    else if (number === 2) ms += value / 1_000_000
  }
  return Math.abs(ms) <= maxTimeMs ? Math.round(ms) : null
}

const texts: Readonly<Record<number, string>> = {
  1: 'os',
  2: 'python',
  6: 'program',
  7: 'codePath',
  11: 'root',
  12: 'host',
}
const counts: Readonly<Record<number, string>> = { 16: 'cpu_count', 17: 'cpu_count_logical' }

/**
 * What a process said of its code and machine, under the names of `wandb-metadata.json`. A log has several such records, each
 * with a part.
 */
export function readEnvironmentRecord(message: Uint8Array): ExtendedRecord {
  const record: ExtendedRecord = {}
  const words: string[] = []
  for (const { number, value, bytes, isBytes } of fieldsOf(message)) {
    const [text, count] = [texts[number], counts[number]]
    if (text !== undefined && isBytes) record[text] = utf8(bytes)
    else if (count !== undefined) record[count] = value
    else if (number === 3) record['startedAt'] = isoTime(timestampMs(bytes))
    else if (number === 5) words.push(utf8(bytes))
    else if (number === 9) record['git'] = readGit(bytes)
    else if (number === 21) record['memory'] = { total: String(firstNumber(bytes)) }
    else if (number === 22) record['cpu'] = { model: textAt(bytes, 3) }
  }
  if (words.length > 0) record['args'] = words
  return record
}

const isoTime = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

/** A git record: remote = 1, commit = 2. */
export function readGit(message: Uint8Array): ExtendedRecord {
  return { remote: textAt(message, 1), commit: textAt(message, 2) }
}

function textAt(message: Uint8Array, wanted: number): string | null {
  for (const { number, bytes, isBytes } of fieldsOf(message)) if (number === wanted && isBytes) return utf8(bytes)
  return null
}

function firstNumber(message: Uint8Array): number {
  for (const { number, value } of fieldsOf(message)) if (number === 1) return value
  return 0
}
