import { KirokuError } from '@kiroku/core/errors'
import { cleanText, type Value } from '@kiroku/core/values'

const maxDepth = 32
/** How many records and lists one value may hold: things that hold each other would otherwise be walked for ever. */
export const maxObjects = 250_000

/** What stands for an object; undefined for one that has no value. */
export type Converted = { value: Value | undefined }

/**
 * A way through a value: the objects above, which are not opened again, and how many more may be opened. `convert` decides
 * about objects that are kept in another way than as what they hold.
 */
export type Walk = {
  readonly above: Set<object>
  left: number
  readonly convert?: (input: object, walk: Walk) => Converted | undefined
}

/** The beginning of a way. */
export function newWalk(convert?: Walk['convert']): Walk {
  return { above: new Set(), left: maxObjects, ...(convert && { convert }) }
}

/**
 * Opens an object for `visit`; undefined, without it, for one that is open already further up. Throws `KirokuError`
 * TOO_LARGE when too many were opened.
 */
export function opening<T>(walk: Walk, object: object, visit: () => T): T | undefined {
  if (walk.above.has(object)) return undefined
  if (--walk.left < 0)
    throw new KirokuError({ code: 'TOO_LARGE', message: `a value holds more than ${maxObjects} records and lists` })
  walk.above.add(object)
  try {
    return visit()
  } finally {
    walk.above.delete(object)
  }
}

/**
 * Any JavaScript value as one that is stored: a Date as its ISO text, a bigint as a number or, beyond 2^53, as digits, a
 * typed array as its numbers, Map and Set as record and list, characters that no database takes as U+FFFD.
 * Undefined for what has no value: undefined itself, functions, symbols. What holds itself has null in its place. Throws
 * `KirokuError` TOO_LARGE for a value of too many records and lists.
 */
export function toValue(input: unknown, walk?: Walk): Value | undefined {
  switch (typeof input) {
    case 'number':
    case 'boolean':
      return input
    case 'string':
      return cleanText(input)
    case 'bigint':
      return Number.isSafeInteger(Number(input)) ? Number(input) : String(input)
    case 'object':
      return input === null ? null : fromObject(input, walk ?? newWalk())
    default:
      return undefined
  }
}

/** What stands for an object that is nested too deeply to be opened. */
function deepText(input: object): string {
  return Array.isArray(input) ? '[…]' : Object.prototype.toString.call(input)
}

function fromObject(input: object, walk: Walk): Value | undefined {
  if (walk.above.size >= maxDepth) return deepText(input)
  if (walk.above.has(input)) return null
  return opening(walk, input, () => fromOpened(input, walk))
}

function fromOpened(input: object, walk: Walk): Value | undefined {
  const converted = walk.convert?.(input, walk)
  if (converted !== undefined) return converted.value
  if (Array.isArray(input)) return fromIterable(input, walk)
  if (input instanceof Date) return Number.isNaN(input.getTime()) ? null : input.toISOString()
  if (ArrayBuffer.isView(input)) return isNumberArray(input) ? fromIterable(input, walk) : undefined
  if (input instanceof Set) return fromIterable(input, walk)
  if (input instanceof Map) return fromEntries(input, walk)
  if (input instanceof Error) return `${input.name}: ${input.message}`
  if ('toJSON' in input && typeof input.toJSON === 'function') return toValue(input.toJSON(), walk)
  return fromEntries(Object.entries(input), walk)
}

function isNumberArray(view: ArrayBufferView): view is ArrayBufferView & Iterable<number | bigint> {
  return Symbol.iterator in view
}

function fromIterable(items: Iterable<unknown>, walk: Walk): Value[] {
  return Array.from(items, (item) => toValue(item, walk) ?? null)
}

function fromEntries(entries: Iterable<[unknown, unknown]>, walk: Walk): Value {
  const record: Record<string, Value> = {}
  for (const [key, item] of entries) {
    const value = toValue(item, walk)
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
