import { createReadStream } from 'node:fs'
import { maskedCrc32c } from './crc32c.ts'

/** Why a file's records end before the file does: from byte `at` on, `bytes` of it are not read. */
export type RecordsEnd = { kind: 'cut' | 'damaged'; at: number; bytes: number }

/** The largest record that is read, in bytes. */
const maxRecordBytes = 512 * 1024 * 1024
const headerBytes = 12
const footerBytes = 4

/**
 * The records of a TFRecord file, in their order: a length (u64), its masked CRC-32C, that many bytes, and their masked CRC-32C.
 * Reads up to `size` bytes; no more than a record and a piece of the file is in memory. Answers why it ended early, if it
 * did: its last record is not whole, as a killed writer leaves it, or a checksum is wrong. A record that was checked before
 * need not be checked again.
 */
export async function* readRecords(
  path: string,
  { size, isChecked }: { size: number; isChecked: boolean },
): AsyncGenerator<Uint8Array, RecordsEnd | null, undefined> {
  if (size === 0) return null
  let pieces: Uint8Array[] = []
  let heldBytes = 0
  let neededBytes = headerBytes
  let at = 0
  const stream: AsyncIterable<Uint8Array> = createReadStream(path, { end: size - 1, highWaterMark: 1024 * 1024 })
  for await (const piece of stream) {
    pieces.push(piece)
    heldBytes += piece.length
    // A record of many pieces is put together once, when all of them are there.
    if (heldBytes < neededBytes) continue
    const held = joined(pieces, heldBytes)
    let offset = 0
    for (;;) {
      const next = nextRecord(held.subarray(offset), isChecked)
      if (next === 'damaged') return { kind: 'damaged', at: at + offset, bytes: size - at - offset }
      if (typeof next === 'number') {
        neededBytes = next
        break
      }
      yield next
      offset += headerBytes + next.length + footerBytes
    }
    at += offset
    pieces = [held.subarray(offset)]
    heldBytes = held.length - offset
  }
  return at < size ? { kind: 'cut', at, bytes: size - at } : null
}

/** The first record, or how many bytes are needed to know more of it. */
function nextRecord(bytes: Uint8Array, isChecked: boolean): Uint8Array | number | 'damaged' {
  if (bytes.length < headerBytes) return headerBytes
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32
  if (!isChecked && maskedCrc32c(bytes.subarray(0, 8)) !== view.getUint32(8, true)) return 'damaged'
  if (length > maxRecordBytes) return 'damaged'
  const end = headerBytes + length
  if (bytes.length < end + footerBytes) return end + footerBytes
  const data = bytes.subarray(headerBytes, end)
  return !isChecked && maskedCrc32c(data) !== view.getUint32(end, true) ? 'damaged' : data
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = pieces
  if (pieces.length === 1 && only !== undefined) return new Uint8Array(only.buffer, only.byteOffset, length)
  const bytes = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}
