import { KirokuError } from '@kiroku/core/errors'

/**
 * ClickHouse's `Native` format: per block the numbers of columns and rows, then each column's name, type and bytes. Only
 * the types that the store's statements use are known.
 */
export type NativeColumn = string[] | Float64Array<ArrayBuffer> | Float64Array<ArrayBuffer>[] | PackedColumn

/** Strings of fixed length, or `Int64`, side by side: the same bytes as they are, and as the float64 that they hold. */
export type PackedColumn = { bytes: DataView<ArrayBuffer>; numbers: Float64Array<ArrayBuffer> }

/** One block of an answer: its columns by name. */
export type NativeBlock = { rows: number; columns: Map<string, NativeColumn> }

const decoder = new TextDecoder()

class Reader {
  offset = 0
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly view: DataView<ArrayBuffer>

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  take(length: number): number {
    const at = this.offset
    if (at + length > this.bytes.byteLength) throw unreadable('it is cut short')
    this.offset = at + length
    return at
  }

  varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.view.getUint8(this.take(1))
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }

  text(): string {
    const length = this.varint()
    const at = this.take(length)
    return decoder.decode(this.bytes.subarray(at, at + length))
  }

  uint64(): number {
    const at = this.take(8)
    return this.view.getUint32(at, true) + this.view.getUint32(at + 4, true) * 2 ** 32
  }

  /**
   * Numbers of 8 bytes, in the answer's own memory: they are moved by a few bytes, over the end of their column's type, to where they
   * can be looked at. Copies of megabytes a chart would have the garbage collector take longer than all the rest.
   */
  inPlace(length: number): { buffer: ArrayBuffer; at: number } {
    const at = this.take(length * 8)
    const { buffer, byteOffset } = this.bytes
    const shift = (byteOffset + at) % 8
    if (shift > 0 && length > 0) this.bytes.copyWithin(at - shift, at, this.offset)
    return { buffer, at: length > 0 ? byteOffset + at - shift : 0 }
  }

  float64s(length: number): Float64Array<ArrayBuffer> {
    const { buffer, at } = this.inPlace(length)
    return new Float64Array(buffer, at, length)
  }

  packed(length: number): PackedColumn {
    const { buffer, at } = this.inPlace(length)
    return { bytes: new DataView(buffer, at, length * 8), numbers: new Float64Array(buffer, at, length) }
  }

  /** Whole numbers of 64 bits as float64, which is exact below 2^53. */
  wholes(length: number): Float64Array<ArrayBuffer> {
    const { buffer, at } = this.inPlace(length)
    const words = new Uint32Array(buffer, at, length * 2)
    const values = new Float64Array(buffer, at, length)
    for (let index = 0; index < length; index++)
      values[index] = (words[2 * index + 1] ?? 0) * 2 ** 32 + (words[2 * index] ?? 0)
    return values
  }

  bytes8(length: number): Float64Array<ArrayBuffer> {
    const at = this.take(length)
    return Float64Array.from(this.bytes.subarray(at, at + length))
  }

  bytes16(length: number): Float64Array<ArrayBuffer> {
    const at = this.take(length * 2)
    return Float64Array.from(new Uint16Array(Uint8Array.from(this.bytes.subarray(at, at + length * 2)).buffer))
  }
}

/** The text of the UUID whose 16 bytes, as ClickHouse keeps them, are at an offset. */
export function uuidAt(bytes: DataView, at: number): string {
  const half = (offset: number): string => bytes.getBigUint64(offset, true).toString(16).padStart(16, '0')
  const hex = half(at) + half(at + 8)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

const unreadable = (why: string): KirokuError =>
  new KirokuError({ code: 'INTERNAL', message: `an answer in Native format cannot be read: ${why}` })

/**
 * Decodes an answer, whose memory its columns are views on, so that it belongs to them. Throws `KirokuError` INTERNAL when it is cut
 * short or has a type that is not known here.
 */
export function decodeNative(bytes: Uint8Array): NativeBlock[] {
  const { buffer, byteOffset, byteLength } = bytes
  const reader = new Reader(
    buffer instanceof ArrayBuffer ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array(bytes),
  )
  const blocks: NativeBlock[] = []
  while (reader.offset < bytes.byteLength) {
    const count = reader.varint()
    const rows = reader.varint()
    const columns = new Map<string, NativeColumn>()
    for (let index = 0; index < count; index++) {
      const name = reader.text()
      columns.set(name, readColumn(reader, reader.text(), rows))
    }
    blocks.push({ rows, columns })
  }
  return blocks
}

function readColumn(reader: Reader, type: string, rows: number): NativeColumn {
  switch (type) {
    case 'Float64':
      return reader.float64s(rows)
    case 'UInt64':
      return reader.wholes(rows)
    // As they are: what is to be counted with is cast, and a hash that is cast to a string takes longer to write than to read.
    case 'Int64':
      return reader.packed(rows)
    case 'UInt8':
      return reader.bytes8(rows)
    case 'UInt16':
      return reader.bytes16(rows)
    case 'String':
      return Array.from({ length: rows }, () => reader.text())
    case 'UUID':
      return Array.from({ length: rows }, () => uuidAt(reader.view, reader.take(16)))
    case 'Array(Float64)': {
      const ends = Array.from({ length: rows }, () => reader.uint64())
      const all = reader.float64s(ends.at(-1) ?? 0)
      return ends.map((end, row) => all.subarray(ends[row - 1] ?? 0, end))
    }
    default: {
      const numbers = numbersIn(type)
      if (numbers === null) throw unreadable(`the type ${type} is not known`)
      return reader.packed(rows * numbers)
    }
  }
}

/** How many numbers of 8 bytes each a string of fixed length holds; null for another type. */
function numbersIn(type: string): number | null {
  const length = Number(/^FixedString\((\d+)\)$/.exec(type)?.[1])
  return length % 8 === 0 ? length / 8 : null
}

/** The float64 column of that name. Throws INTERNAL when there is none. */
export function numbersOf(block: NativeBlock, name: string): Float64Array<ArrayBuffer> {
  const column = block.columns.get(name)
  if (column instanceof Float64Array) return column
  throw unreadable(`${name} is not a column of numbers`)
}

/** The column of strings of fixed length of that name, side by side. Throws INTERNAL when there is none. */
export function packedOf(block: NativeBlock, name: string): PackedColumn {
  const column = block.columns.get(name)
  if (column !== undefined && 'numbers' in column) return column
  throw unreadable(`${name} is not a column of fixed length`)
}

/** The column of float64 arrays of that name, one array a row. Throws INTERNAL when there is none. */
export function arraysOf(block: NativeBlock, name: string): Float64Array<ArrayBuffer>[] {
  const column = block.columns.get(name)
  if (!isOfArrays(column) || column.length !== block.rows) throw unreadable(`${name} is not a column of arrays`)
  return column
}

/** The column of strings of that name. Throws INTERNAL when there is none. */
export function stringsOf(block: NativeBlock, name: string): string[] {
  const column = block.columns.get(name)
  if (!isOfStrings(column) || column.length !== block.rows) throw unreadable(`${name} is not a column of strings`)
  return column
}

// A column has one type, so its first value tells: whoever reads it row by row asks for it at each row.
const isOfArrays = (column: NativeColumn | undefined): column is Float64Array<ArrayBuffer>[] =>
  Array.isArray(column) && typeof column[0] !== 'string'
const isOfStrings = (column: NativeColumn | undefined): column is string[] =>
  Array.isArray(column) && (column.length === 0 || typeof column[0] === 'string')

/**
 * A column to encode. A UUID is its canonical text; `pieces` are the arrays of an `Array(Float64)`, one a row, or those of an array of
 * strings of fixed length as the numbers that they hold.
 */
export type EncodableColumn = { name: string } & (
  | { type: 'UUID' | 'String'; values: readonly string[] }
  | { type: 'UInt64' | 'Int64' | 'Float64'; values: readonly number[] }
  | { type: 'UInt8'; values: readonly number[] }
  | { type: 'Array(Float64)' | `Array(FixedString(${number}))`; pieces: readonly Float64Array[] }
)

/** Encodes one block, in pieces: the bytes of `pieces` are not copied. */
export function encodeNative(rows: number, columns: readonly EncodableColumn[]): Uint8Array[] {
  const chunks: Uint8Array[] = [Buffer.concat([varint(columns.length), varint(rows)])]
  for (const column of columns) {
    chunks.push(Buffer.concat([text(column.name), text(column.type)]), ...columnChunks(column))
  }
  return chunks
}

function columnChunks(column: EncodableColumn): Uint8Array[] {
  switch (column.type) {
    case 'UUID':
      return [Buffer.concat(column.values.map(uuidBytes))]
    case 'String':
      return [Buffer.concat(column.values.map(text))]
    case 'Float64':
      return [bytesOf(Float64Array.from(column.values))]
    case 'UInt64':
    case 'Int64':
      return [bytesOf(BigInt64Array.from(column.values, BigInt))]
    case 'UInt8':
      return [Uint8Array.from(column.values)]
    default: {
      const numbers = column.type === 'Array(Float64)' ? 1 : numbersIn(column.type.slice('Array('.length, -1))
      let end = 0
      const ends = column.pieces.map((piece) => {
        end += piece.length / (numbers ?? 1)
        return BigInt(end)
      })
      return [bytesOf(BigUint64Array.from(ends)), ...column.pieces.map(bytesOf)]
    }
  }
}

const bytesOf = (array: Float64Array | BigInt64Array | BigUint64Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  return Uint8Array.from([...bytes, rest])
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value, 'utf8')
  return Buffer.concat([varint(bytes.length), bytes])
}

function uuidBytes(uuid: string): Uint8Array {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex')
  if (bytes.length !== 16) throw new KirokuError({ code: 'BAD_REQUEST', message: `${uuid} is not a UUID` })
  bytes.subarray(0, 8).reverse()
  bytes.subarray(8).reverse()
  return bytes
}
