import { aligned, maxPayloadBytes, recordKinds, rowHeaderBytes } from './format.ts'

/** A row to encode: the first `count` of `values` and `keys`, and texts as JSON. `flags` are of `rowFlags`. */
export type RowParts = {
  flags: number
  step: number
  time: number
  count: number
  values: Float64Array
  keys: Uint32Array
  texts: readonly { key: number; json: string }[]
}

/**
 * Encodes records into one buffer that it uses again: what a method answers is valid until the next call.
 * An answer of undefined means that the record would be longer than `maxPayloadBytes`.
 */
export class RecordEncoder {
  #bytes = new Uint8Array(4096)
  #words = new Uint32Array(this.#bytes.buffer)
  #numbers = new Float64Array(this.#bytes.buffer)
  readonly #text = new TextEncoder()

  /** A record of JSON: `kind` is of `recordKinds`, `flags` of `updateFlags` or 0. */
  json(kind: number, value: unknown, flags = 0): Uint8Array | undefined {
    const text = JSON.stringify(value)
    this.#reserve(8 + text.length * 3)
    const { written } = this.#text.encodeInto(text, this.#bytes.subarray(8))
    this.#start(kind, flags, written)
    return this.#done(8 + written)
  }

  /** A key record: `name` is known by the number `key` from here on. */
  key(flags: number, key: number, name: string): Uint8Array | undefined {
    this.#reserve(8 + name.length * 3)
    const { written } = this.#text.encodeInto(name, this.#bytes.subarray(8))
    this.#start(recordKinds.key, flags, key)
    return this.#done(8 + written)
  }

  /** A row record. */
  row(parts: RowParts): Uint8Array | undefined {
    const { count, values, keys, texts } = parts
    const textsAt = rowHeaderBytes + count * 12
    this.#reserve(textsAt + 4)
    this.#start(recordKinds.row, parts.flags, count)
    this.#numbers[1] = parts.step
    this.#numbers[2] = parts.time
    const valuesAt = rowHeaderBytes / 8
    const keysAt = rowHeaderBytes / 4 + count * 2
    for (let index = 0; index < count; index++) {
      this.#numbers[valuesAt + index] = values[index] ?? 0
      this.#words[keysAt + index] = keys[index] ?? 0
    }
    this.#words[keysAt + count] = texts.length
    return texts.length === 0 ? this.#done(textsAt + 4) : this.#texts(texts, textsAt + 4)
  }

  #texts(texts: RowParts['texts'], from: number): Uint8Array | undefined {
    let at = from
    for (const { key, json } of texts) {
      this.#reserve(at + 8 + json.length * 3)
      const { written } = this.#text.encodeInto(json, this.#bytes.subarray(at + 8))
      const view = new DataView(this.#bytes.buffer)
      view.setUint32(at, key, true)
      view.setUint32(at + 4, written, true)
      at += 8 + written
    }
    return this.#done(at)
  }

  #start(kind: number, flags: number, n: number): void {
    this.#words[0] = kind | (flags << 8)
    this.#words[1] = n
  }

  #done(length: number): Uint8Array | undefined {
    return length > maxPayloadBytes ? undefined : this.#bytes.subarray(0, length)
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return
    const bytes = new Uint8Array(aligned(Math.max(length, this.#bytes.length * 2)))
    bytes.set(this.#bytes)
    this.#bytes = bytes
    this.#words = new Uint32Array(bytes.buffer)
    this.#numbers = new Float64Array(bytes.buffer)
  }
}
