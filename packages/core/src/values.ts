import * as z from 'zod'

/**
 * Anything that config, summary or history holds. Unlike JSON, numbers may be NaN, +Infinity or -Infinity;
 * `toWire` and `fromWire` carry them through JSON.
 */
export type Value = number | string | boolean | null | Value[] | { [key: string]: Value }

/** A value as it travels in JSON: a non-finite number is `{ "$n": "NaN" | "Infinity" | "-Infinity" }`. */
export const wireValueSchema = z.json()
export type WireValue = z.infer<typeof wireValueSchema>

/** A flat or nested record in wire form. */
export const wireRecordSchema = z.record(z.string(), wireValueSchema)
export type WireRecord = z.infer<typeof wireRecordSchema>

const tag = '$n'

/** A number in wire form: finite as it is, otherwise tagged. */
export const wireNumberSchema = z.union([z.number(), z.object({ $n: z.literal(['NaN', 'Infinity', '-Infinity']) })])
export type WireNumber = z.infer<typeof wireNumberSchema>

/** Puts one number in wire form. */
export function toWireNumber(value: number): WireNumber {
  if (Number.isFinite(value)) return value
  if (Number.isNaN(value)) return { $n: 'NaN' }
  return { $n: value > 0 ? 'Infinity' : '-Infinity' }
}

/** The inverse of `toWireNumber`. */
export function fromWireNumber(wire: WireNumber): number {
  return typeof wire === 'number' ? wire : Number(wire.$n)
}

/** Puts a value in wire form: tags non-finite numbers, and doubles the first `$` of keys that begin with one. */
export function toWire(value: Value): WireValue {
  if (typeof value === 'number') return Number.isFinite(value) ? value : { [tag]: String(value) }
  if (Array.isArray(value)) return value.map(toWire)
  if (value !== null && typeof value === 'object') return toWireRecord(value)
  return value
}

/** The inverse of `toWire`. */
export function fromWire(wire: WireValue): Value {
  if (Array.isArray(wire)) return wire.map(fromWire)
  if (wire === null || typeof wire !== 'object') return wire
  const tagged = wire[tag]
  if (typeof tagged === 'string' && Object.keys(wire).length === 1) return Number(tagged)
  return fromWireRecord(wire)
}

/** `toWire` for a record, whose own keys are kept apart from the tag by the doubled `$`. */
export function toWireRecord(record: Readonly<Record<string, Value>>): WireRecord {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key.startsWith('$') ? `$${key}` : key, toWire(value)]),
  )
}

/** The inverse of `toWireRecord`. */
export function fromWireRecord(wire: Readonly<Record<string, WireValue>>): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(wire).map(([key, value]) => [key.startsWith('$$') ? key.slice(1) : key, fromWire(value)]),
  )
}

/** True for a plain nested record, which flattening opens; arrays and scalars are leaves. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Records nest so deep at most; below that, and in a circle, they are leaves. */
const deepestLevel = 32

/** Opens nested records into dotted keys: `{ a: { b: 1 } }` becomes `{ "a.b": 1 }`. An empty record gives nothing. */
export function flatten<T>(
  record: Readonly<Record<string, unknown>>,
  leaf: (value: unknown, key: string) => T,
): Record<string, T> {
  const flat: Record<string, T> = {}
  const above: object[] = []
  const open = (level: Readonly<Record<string, unknown>>, prefix: string): void => {
    above.push(level)
    for (const [key, value] of Object.entries(level)) {
      const isOpened = isRecord(value) && above.length < deepestLevel && !above.includes(value)
      if (isOpened) open(value, `${prefix}${key}.`)
      else flat[prefix + key] = leaf(value, prefix + key)
    }
    above.pop()
  }
  open(record, '')
  return flat
}

const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/** Whether text is Unicode that every store takes: no NUL, no half of a surrogate pair. */
export function isStorableText(text: string): boolean {
  return !text.includes('\0') && !loneSurrogate.test(text)
}

const loneSurrogates = /\p{Surrogate}/gu

/** The text with U+FFFD in the place of what databases refuse: NUL characters and halves of surrogate pairs. */
export function cleanText(text: string): string {
  const withoutNul = text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text
  return loneSurrogate.test(withoutNul) ? withoutNul.replace(loneSurrogates, '\ufffd') : withoutNul
}
