import { KirokuError } from './errors.ts'

/**
 * The one binary form for columns of numbers: history batches going in, series coming out.
 *
 *     u32 magic "KRK1" | u32 header bytes | u32 columns | u32 0
 *     per column: u32 type (1 = float64, 2 = uint32) | u32 length in elements
 *     header: JSON in UTF-8, padded with spaces to a multiple of 8
 *     columns: little-endian elements, each column padded with zeros to a multiple of 8
 *
 * All columns start at multiples of 8, so that a decoder views them in place. Float64 is bit-exact: NaN and the
 * infinities travel as themselves.
 */
export type Column = Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer>

export type Frame = { header: unknown; columns: Column[] }

export const frameContentType = 'application/vnd.kiroku.frame'

const magic = 0x314b524b
const prefixBytes = 16
const directoryEntryBytes = 8
const maxColumns = 1 << 20

const padded = (bytes: number): number => (bytes + 7) & ~7

/** Encodes a header (anything that JSON takes) and columns. The result is one contiguous buffer. */
export const encodeFrame = (header: unknown, columns: readonly Column[]): Uint8Array<ArrayBuffer> =>
  joinParts(encodeFrameParts(header, columns))

/** A frame's parts as one. */
export function joinParts(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0))
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.byteLength
  }
  return bytes
}

/** The same as parts that follow each other: the columns are not copied. Those that lie side by side are one part. */
export function encodeFrameParts(header: unknown, columns: readonly Column[]): Uint8Array<ArrayBuffer>[] {
  const headerText = new TextEncoder().encode(JSON.stringify(header))
  const headerBytes = padded(headerText.length)
  const headerOffset = prefixBytes + columns.length * directoryEntryBytes
  const head = new Uint8Array(headerOffset + headerBytes)
  const view = new DataView(head.buffer)
  view.setUint32(0, magic, true)
  view.setUint32(4, headerBytes, true)
  view.setUint32(8, columns.length, true)
  head.set(headerText, headerOffset)
  head.fill(0x20, headerOffset + headerText.length)
  const parts = [head]
  columns.forEach((column, index) => {
    const entry = prefixBytes + index * directoryEntryBytes
    view.setUint32(entry, column instanceof Float64Array ? 1 : 2, true)
    view.setUint32(entry + 4, column.length, true)
    const { buffer, byteOffset, byteLength } = column
    const last = parts.at(-1)
    const isNext = last !== undefined && last.buffer === buffer && last.byteOffset + last.byteLength === byteOffset
    if (isNext) parts[parts.length - 1] = new Uint8Array(buffer, last.byteOffset, last.byteLength + byteLength)
    else if (byteLength > 0) parts.push(new Uint8Array(buffer, byteOffset, byteLength))
    if (byteLength % 8 > 0) parts.push(new Uint8Array(padded(byteLength) - byteLength))
  })
  return parts
}

const broken = (why: string): KirokuError => new KirokuError({ code: 'BAD_REQUEST', message: `frame: ${why}` })

/**
 * Decodes a frame; columns are views on `input` where its alignment allows, copies otherwise.
 * Throws `KirokuError` BAD_REQUEST when the bytes are not a whole frame.
 */
export function decodeFrame(input: Uint8Array): Frame {
  const bytes = aligned(input)
  if (bytes.byteLength < prefixBytes) throw broken(`${bytes.byteLength} bytes are too few for a frame`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0, true) !== magic) throw broken('it does not begin with KRK1')
  const headerBytes = view.getUint32(4, true)
  const count = view.getUint32(8, true)
  if (count > maxColumns) throw broken(`${count} columns are more than ${maxColumns}`)
  const headerOffset = prefixBytes + count * directoryEntryBytes
  let offset = headerOffset + headerBytes
  if (headerBytes % 8 !== 0 || offset > bytes.byteLength) throw broken('it is cut short')
  const columns: Column[] = []
  for (let index = 0; index < count; index++) {
    const entry = prefixBytes + index * directoryEntryBytes
    const type = view.getUint32(entry, true)
    const length = view.getUint32(entry + 4, true)
    if (type !== 1 && type !== 2) throw broken(`column ${index} has the unknown type ${type}`)
    const byteLength = length * (type === 1 ? 8 : 4)
    if (offset + byteLength > bytes.byteLength) throw broken('it is cut short')
    const at = bytes.byteOffset + offset
    columns.push(type === 1 ? new Float64Array(bytes.buffer, at, length) : new Uint32Array(bytes.buffer, at, length))
    offset += padded(byteLength)
  }
  return { header: parseHeader(bytes.subarray(headerOffset, headerOffset + headerBytes)), columns }
}

/** How many bytes of a frame are its header, in JSON, as its beginning tells; at most as many as there are. */
export function headerBytesOf(input: Uint8Array): number {
  if (input.byteLength < prefixBytes) return input.byteLength
  return Math.min(input.byteLength, new DataView(input.buffer, input.byteOffset).getUint32(4, true))
}

function aligned(input: Uint8Array): Uint8Array<ArrayBuffer> {
  if (input.buffer instanceof ArrayBuffer && input.byteOffset % 8 === 0) {
    return new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
  }
  return new Uint8Array(input)
}

function parseHeader(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new KirokuError({ code: 'BAD_REQUEST', message: 'frame: its header is not JSON', cause })
  }
}

/** The column at `index` as float64. Throws BAD_REQUEST when it is missing, of another type or another length. */
export function float64Column(frame: Frame, index: number, length: number): Float64Array<ArrayBuffer> {
  const column = frame.columns[index]
  if (column instanceof Float64Array && column.length === length) return column
  throw broken(`column ${index} must be ${length} float64 values`)
}

/** The column at `index` as uint32. Throws BAD_REQUEST when it is missing, of another type or another length. */
export function uint32Column(frame: Frame, index: number, length: number): Uint32Array<ArrayBuffer> {
  const column = frame.columns[index]
  if (column instanceof Uint32Array && column.length === length) return column
  throw broken(`column ${index} must be ${length} uint32 values`)
}
