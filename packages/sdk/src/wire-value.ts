import type { Value } from '@kiroku/core/values'

const maxDepth = 32
const loneSurrogate = /\p{Surrogate}/u
const loneSurrogates = /\p{Surrogate}/gu

/**
 * Any JavaScript value as one that is stored: a Date as its ISO text, a bigint as a number or, beyond 2^53, as digits, a
 * typed array as its numbers, Map and Set as record and list, characters that no database takes as U+FFFD.
 * Undefined for what has no value: undefined itself, functions, symbols.
 */
export function toValue(input: unknown, depth = 0): Value | undefined {
  switch (typeof input) {
    case 'number':
    case 'boolean':
      return input
    case 'string':
      return cleanText(input)
    case 'bigint':
      return Number.isSafeInteger(Number(input)) ? Number(input) : String(input)
    case 'object':
      return input === null ? null : depth >= maxDepth ? String(input) : fromObject(input, depth + 1)
    default:
      return undefined
  }
}

/** The text with U+FFFD in the place of what databases refuse: NUL characters and halves of surrogate pairs. */
export function cleanText(text: string): string {
  const withoutNul = text.includes('\u0000') ? text.replaceAll('\u0000', '\ufffd') : text
  return loneSurrogate.test(withoutNul) ? withoutNul.replace(loneSurrogates, '\ufffd') : withoutNul
}

function fromObject(input: object, depth: number): Value | undefined {
  if (Array.isArray(input)) return fromIterable(input, depth)
  if (input instanceof Date) return Number.isNaN(input.getTime()) ? null : input.toISOString()
  if (ArrayBuffer.isView(input)) return isNumberArray(input) ? fromIterable(input, depth) : undefined
  if (input instanceof Set) return fromIterable(input, depth)
  if (input instanceof Map) return fromEntries(input, depth)
  if (input instanceof Error) return `${input.name}: ${input.message}`
  if ('toJSON' in input && typeof input.toJSON === 'function') return toValue(input.toJSON(), depth)
  return fromEntries(Object.entries(input), depth)
}

function isNumberArray(view: ArrayBufferView): view is ArrayBufferView & Iterable<number | bigint> {
  return Symbol.iterator in view
}

function fromIterable(items: Iterable<unknown>, depth: number): Value[] {
  return Array.from(items, (item) => toValue(item, depth) ?? null)
}

function fromEntries(entries: Iterable<[unknown, unknown]>, depth: number): Value {
  const record: Record<string, Value> = {}
  for (const [key, item] of entries) {
    const value = toValue(item, depth)
    if (value !== undefined) {
      Object.defineProperty(record, cleanText(String(key)), {
        value,
        enumerable: true,
        writable: true,
        configurable: true,
      })
    }
  }
  return record
}
