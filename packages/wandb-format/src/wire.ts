import { cleanText, toWireNumber, type WireRecord, type WireValue } from '@kiroku/core/values'
import { type ExtendedRecord, type ExtendedValue, isExtendedRecord } from './extended-json.ts'

/** What is nested deeper than this is kept as a word that says so, as the SDK does it. */
const maxDepth = 32

/**
 * A value in Kiroku's wire form: non-finite numbers tagged, keys with a first `$` doubled, integers beyond 2^53 as their
 * digits, characters that no database takes as U+FFFD.
 */
export function toWireValue(value: ExtendedValue): WireValue {
  return convert(value, 0)
}

/** `toWireValue` for a record. */
export function toWireDocument(record: ExtendedRecord): WireRecord {
  return convertRecord(record, 0)
}

/** A key of a wire record: clean text, a first `$` doubled. */
export function toWireKey(key: string): string {
  const clean = cleanText(key)
  return clean.startsWith('$') ? `$${clean}` : clean
}

/** The number that a value is, where it is one; integers beyond 2^53 as the nearest double. */
export function toNumber(value: ExtendedValue | undefined): number | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined
}

/** The text that a value is, where it is one, at most so many characters of it. */
export function toText(value: ExtendedValue | undefined, maxLength: number): string | undefined {
  if (typeof value !== 'string') return undefined
  return cleanText(cleanText(value).slice(0, maxLength))
}

function convert(value: ExtendedValue, depth: number): WireValue {
  if (typeof value === 'number') return toWireNumber(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'string') return cleanText(value)
  if (Array.isArray(value)) return depth >= maxDepth ? '[…]' : value.map((item) => convert(item, depth + 1))
  if (!isExtendedRecord(value)) return value
  return depth >= maxDepth ? '{…}' : convertRecord(value, depth)
}

function convertRecord(record: ExtendedRecord, depth: number): WireRecord {
  return Object.fromEntries(Object.entries(record).map(([key, item]) => [toWireKey(key), convert(item, depth + 1)]))
}
