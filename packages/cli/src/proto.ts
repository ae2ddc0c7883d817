/** A field of a message: its number, and its value where the wire type has it. */
export type Field = { number: number; value: number; bytes: Uint8Array; isBytes: boolean; wireType: number }

const noBytes: Uint8Array = new Uint8Array(0)
const decoder = new TextDecoder()

/** The text of a string field. What is no UTF-8 becomes U+FFFD, and so does NUL, which no store takes. */
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes).replaceAll('\0', '\ufffd')

/** Hears of a field: `bytes` where it has some, else `value`. */
export type FieldVisitor = (number: number, value: number, bytes: Uint8Array | null, wireType: number) => void

/**
 * Visits the fields of a protobuf message, in their order. `value` is a varint as a signed 64-bit integer (exact up to 2^53), or
 * a fixed 32 or 64 bit field as float or double. Throws RangeError when the bytes are no message.
 */
export function visitFields(message: Uint8Array, visit: FieldVisitor): void {
  const cursor = { at: 0 }
  while (cursor.at < message.length) {
    const key = varint(message, cursor)
    const [number, wireType] = [Math.floor(key / 8), key % 8]
    if (wireType === 0) visit(number, varint(message, cursor), null, wireType)
    else if (wireType === 2) {
      const length = varint(message, cursor)
      const end = cursor.at + length
      if (length < 0 || end > message.length) throw new RangeError('a field is longer than its message')
      const bytes = message.subarray(cursor.at, end)
      cursor.at = end
      visit(number, 0, bytes, wireType)
    } else if (wireType === 1 || wireType === 5) {
      const view = new DataView(message.buffer, message.byteOffset, message.length)
      const value = wireType === 1 ? view.getFloat64(cursor.at, true) : view.getFloat32(cursor.at, true)
      cursor.at += wireType === 1 ? 8 : 4
      visit(number, value, null, wireType)
    } else throw new RangeError(`a field has the wire type ${wireType}`)
  }
}

/** The fields of a message, as `visitFields` has them. */
export function fieldsOf(message: Uint8Array): Field[] {
  const fields: Field[] = []
  visitFields(message, (number, value, bytes, wireType) => {
    fields.push({ number, value, bytes: bytes ?? noBytes, isBytes: bytes !== null, wireType })
  })
  return fields
}

/** The numbers of a packed field of varints. */
export function varintsOf(bytes: Uint8Array): number[] {
  const cursor = { at: 0 }
  const numbers: number[] = []
  while (cursor.at < bytes.length) numbers.push(varint(bytes, cursor))
  return numbers
}

function varint(bytes: Uint8Array, cursor: { at: number }): number {
  const only = bytes[cursor.at]
  if (only !== undefined && only < 0x80) {
    cursor.at++
    return only
  }
  let low = 0
  let high = 0
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = bytes[cursor.at++]
    if (byte === undefined) throw new RangeError('a number is cut short')
    const bits = byte & 0x7f
    if (shift < 28) low += bits * 2 ** shift
    else if (shift === 28) {
      low += (bits & 0xf) * 2 ** 28
      high = bits >>> 4
    } else high += bits * 2 ** (shift - 32)
    if (byte < 0x80) {
      const top = high % 2 ** 32
      return (top >= 2 ** 31 ? top - 2 ** 32 : top) * 2 ** 32 + low
    }
  }
  throw new RangeError('a number is too long')
}
