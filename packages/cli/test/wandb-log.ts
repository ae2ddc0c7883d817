import { crc32 } from 'node:zlib'

/** Protobuf, as far as these tests write it: numbers, doubles (`{ double }`), texts, messages, and several of them. */
export type Message = { [field: number]: Part | Part[] }
type Part = number | string | boolean | { double: number } | Message

/** Encodes a message. */
export function encode(message: Message): Buffer {
  const parts: Buffer[] = []
  for (const [field, given] of Object.entries(message)) {
    for (const part of Array.isArray(given) ? given : [given]) parts.push(encodePart(Number(field), part))
  }
  return Buffer.concat(parts)
}

function encodePart(field: number, part: Part): Buffer {
  if (typeof part === 'boolean') return encodePart(field, part ? 1 : 0)
  if (typeof part === 'number') return Buffer.concat([varint(BigInt(field) << 3n), varint(BigInt(part))])
  if (typeof part === 'object' && 'double' in part) {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleLE(part.double)
    return Buffer.concat([varint((BigInt(field) << 3n) | 1n), bytes])
  }
  const bytes = typeof part === 'string' ? Buffer.from(part) : encode(part)
  return Buffer.concat([varint((BigInt(field) << 3n) | 2n), varint(BigInt(bytes.length)), bytes])
}

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}

/** The bytes of a `.wandb` file with these records. */
export function logOf(records: readonly Uint8Array[]): Buffer {
  const parts: Buffer[] = [Buffer.from([0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0])]
  let at = 7
  const put = (bytes: Buffer): void => {
    parts.push(bytes)
    at += bytes.length
  }
  for (const record of records) {
    let from = 0
    do {
      const room = 32_768 - (at % 32_768)
      if (room < 7) {
        put(Buffer.alloc(room))
        continue
      }
      const length = Math.min(room - 7, record.length - from)
      const isLast = from + length === record.length
      const type = from === 0 ? (isLast ? 1 : 2) : isLast ? 4 : 3
      const body = Buffer.concat([Buffer.from([type]), record.subarray(from, from + length)])
      const head = Buffer.alloc(6)
      head.writeUInt32LE(crc32(body), 0)
      head.writeUInt16LE(length, 4)
      put(Buffer.concat([head, body]))
      from += length
      if (isLast) break
    } while (from <= record.length)
  }
  return Buffer.concat(parts)
}

const timestamp = (ms: number): Message => ({ 1: Math.floor(ms / 1000), 2: (ms % 1000) * 1_000_000 })
const item = (path: readonly string[], json: string): Message => ({ 2: [...path], 16: json })

/** Records of a log, numbered in the order in which they are made. */
export class LogScript {
  readonly records: Buffer[] = []
  readonly startTime: number

  constructor(id: string, run: Message = {}, startTime = Date.UTC(2026, 0, 1)) {
    this.startTime = startTime
    this.add({ 21: { 1: { 1: '0.31.0' } } })
    const features = { 3: { 4: true }, 5: '0.31.0' }
    this.add({ 17: { 1: id, 3: 'own project', 17: timestamp(startTime), 19: features, ...run } })
  }

  get bytes(): Buffer {
    return logOf(this.records)
  }

  add(record: Message): this {
    this.records.push(encode({ 1: this.records.length + 1, ...record }))
    return this
  }

  /** A row, each value as JSON text under its path. */
  row(step: number, values: Readonly<Record<string, string>>): this {
    const items = Object.entries(values).map(([path, json]) => item(path.split('>'), json))
    const time = (this.startTime + step * 1000) / 1000
    const own = [item(['_step'], String(step)), item(['_timestamp'], String(time))]
    return this.add({ 2: { 1: [...items, ...own], 2: { 1: step } } })
  }

  summary(values: Readonly<Record<string, string>>, removed: readonly string[] = []): this {
    const update = Object.entries(values).map(([key, json]) => ({ 1: key, 16: json }))
    return this.add({ 3: { 1: update, 2: removed.map((key) => ({ 1: key })) } })
  }

  system(ms: number, values: Readonly<Record<string, number>>): this {
    const items = Object.entries(values).map(([key, value]) => ({ 1: key, 16: String(value) }))
    return this.add({ 7: { 2: timestamp(ms), 3: items } })
  }

  print(text: string, ms = this.startTime, stream = 1): this {
    return this.add({ 13: { 1: stream, 2: timestamp(ms), 3: text } })
  }

  exit(code = 0): this {
    return this.add({ 18: { 1: code } })
  }
}
