import { crc32 } from 'node:zlib'

/** A file of records is read in blocks of this size. The header of the file belongs to the first one. */
export const blockBytes = 32 * 1024
/** `:W&B`, a magic number and a version. */
export const fileHeader = Uint8Array.of(0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0)

/** Bytes that could not be read: how many stretches of them, where the first begins, and how many they are in all. */
export type Damage = { count: number; firstAt: number; bytes: number }

const chunkHeaderBytes = 7
/** The longest record that is put together, in bytes. */
const longestRecord = 512 * 1024 * 1024
/** What a chunk is of its record; one of type 3 is in the middle. */
const [full, first, last] = [1, 2, 4] as const

/**
 * Puts records together from the blocks of a log, given in their order: a chunk is a CRC-32 (u32), a length (u16), a type
 * (u8) and so many bytes, and a record one chunk or several over more blocks. After bytes that are wrong it goes on with the
 * first record that begins in the next block, and notes what was left out. A last record that is not whole, as a killed
 * writer leaves it, is no damage.
 */
export class RecordBlocks {
  damage: Damage | null = null
  /** Bytes of the last record, which is not whole. */
  cutBytes = 0
  #parts: Uint8Array[] = []
  #length = 0
  #startedAt = 0
  #isBegun = false
  /** Chunks are passed over until one begins a record. */
  #isLost = false
  readonly #maxRecordBytes: number

  constructor(maxRecordBytes: number = longestRecord) {
    this.#maxRecordBytes = maxRecordBytes
  }

  /** Says that there are no more blocks. */
  end(): void {
    this.cutBytes += this.#length
    this.#forget()
  }

  /** The records that end in a block, which begins at `at` in the file. Only the last one may be short of `blockBytes`. */
  *records(block: Uint8Array, at: number): Generator<Uint8Array, void, undefined> {
    const view = new DataView(block.buffer, block.byteOffset, block.length)
    const isShort = at + block.length < Math.floor(at / blockBytes) * blockBytes + blockBytes
    let offset = 0
    while (offset < block.length) {
      const left = block.length - offset
      if (left < chunkHeaderBytes) {
        if (isShort) this.cutBytes += left
        return
      }
      const sum = view.getUint32(offset, true)
      const length = view.getUint16(offset + 4, true)
      const type = block[offset + 6] ?? 0
      if (sum === 0 && length === 0 && type === 0) {
        if (block.subarray(offset).some((byte) => byte !== 0)) this.#lose(at + offset, left)
        return
      }
      if (length > left - chunkHeaderBytes && isShort && type >= full && type <= last) {
        this.cutBytes += left
        return
      }
      const end = offset + chunkHeaderBytes + length
      const isWhole = end <= block.length && type >= full && type <= last
      if (!isWhole || crc32(block.subarray(offset + 6, end)) !== sum) {
        this.#lose(at + offset, left)
        return
      }
      const record = this.#add(type, block.subarray(offset + chunkHeaderBytes, end), at + offset)
      if (record !== undefined) yield record
      offset = end
    }
  }

  #add(type: number, bytes: Uint8Array, at: number): Uint8Array | undefined {
    if (type === full || type === first) {
      if (this.#isBegun) this.#note(this.#startedAt, this.#length)
      this.#forget()
      this.#isLost = false
      if (type === full) return bytes
      this.#isBegun = true
      this.#startedAt = at
    } else if (!this.#isBegun) {
      if (this.#isLost && this.damage) this.damage.bytes += chunkHeaderBytes + bytes.length
      else this.#lose(at, chunkHeaderBytes + bytes.length)
      return undefined
    }
    if (this.#length + bytes.length > this.#maxRecordBytes) {
      this.#lose(at, bytes.length)
      return undefined
    }
    // The block is read over by the next one, and a Buffer's own slice would be no copy.
    this.#parts.push(new Uint8Array(bytes))
    this.#length += bytes.length
    if (type !== last) return undefined
    const record = joined(this.#parts, this.#length)
    this.#forget()
    return record
  }

  #lose(at: number, bytes: number): void {
    const from = this.#isBegun ? this.#startedAt : at
    this.#note(from, bytes + this.#length)
    this.#forget()
    this.#isLost = true
  }

  #note(at: number, bytes: number): void {
    const { count, firstAt, bytes: before } = this.damage ?? { count: 0, firstAt: at, bytes: 0 }
    this.damage = { count: count + 1, firstAt, bytes: before + bytes }
  }

  #forget(): void {
    this.#parts = []
    this.#length = 0
    this.#isBegun = false
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
