import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { aligned, framedBytes, frameHeaderBytes, frameMark, maxPayloadBytes, recordKinds } from './format.ts'

const chunkBytes = 1024 * 1024
/** How often a frame whose checksum is wrong is read again before it counts as corrupt: it may be half written. */
const rereads = 4

/**
 * Reads a log record by record, also while it is being written. A frame that is not whole yet answers undefined, and
 * is there at a later call. A corrupt frame is skipped, up to the next that is whole, and counted.
 * After `next` answered true the record is `bytes.subarray(start, end)`, valid until the next call; `words` and
 * `numbers` are the same bytes as u32 and f64, and `start` is a multiple of 8.
 */
export class LogReader {
  readonly #file: number
  bytes = new Uint8Array(chunkBytes)
  words = new Uint32Array(this.bytes.buffer)
  numbers = new Float64Array(this.bytes.buffer)
  start = 0
  end = 0
  /** Corrupt places that were skipped. */
  skipped = 0
  /** Bytes of these places. */
  skippedBytes = 0
  /** Where in the file the last record that was read ends. */
  wholeEnd = 0
  /** Set when nobody writes to the log any more: a frame that is cut short is then passed over, not waited for. */
  isFinal = false
  #filled = 0
  #next = 0
  #fileOffset = 0
  #suspicions = 0
  #isSkipping = false

  /** Opens the log at `path`. Throws what the file system throws. */
  constructor(path: string) {
    this.#file = openSync(path, 'r')
  }

  /** Where in the file the next record is looked for. */
  get offset(): number {
    return this.#fileOffset + this.#next
  }

  /** The file's length in bytes at this moment. */
  size(): number {
    return fstatSync(this.#file).size
  }

  /** Moves to the next record; false when there is none yet, and for a log that `isFinal` when there is none at all. */
  next(): boolean {
    for (;;) {
      const available = this.#filled - this.#next
      if (available >= frameHeaderBytes) {
        const length = this.#payloadLength(this.#next)
        if (length === undefined) {
          if (!this.#isSettled()) return false
          this.#resynchronize()
          continue
        }
        if (available >= framedBytes(length)) {
          if (this.#isIntact(this.#next, length)) {
            this.#suspicions = 0
            this.#isSkipping = false
            this.start = this.#next + frameHeaderBytes
            this.end = this.start + length
            this.#next += framedBytes(length)
            this.wholeEnd = this.offset
            return true
          }
          if (!this.#isSettled()) return false
          this.#resynchronize()
          continue
        }
        this.#room(framedBytes(length))
      }
      if (this.#fill()) continue
      if (!this.isFinal || this.#filled === this.#next) return false
      this.#resynchronize()
    }
  }

  /** Goes back to where the last record ends, for what is written there now. */
  rewind(): void {
    this.#fileOffset = this.wholeEnd
    this.#next = 0
    this.#filled = 0
  }

  /** Goes back to the log's beginning; also where its name is gone meanwhile. */
  restart(): void {
    this.#fileOffset = 0
    this.#next = 0
    this.#filled = 0
    this.#suspicions = 0
    this.#isSkipping = false
    this.wholeEnd = 0
    this.skipped = 0
    this.skippedBytes = 0
  }

  /** Closes the file. */
  close(): void {
    closeSync(this.#file)
  }

  #payloadLength(at: number): number | undefined {
    const word = this.words[at / 4] ?? 0
    const length = word & maxPayloadBytes
    return word >>> 24 === frameMark && length >= 8 ? length : undefined
  }

  #isIntact(at: number, length: number): boolean {
    const from = at + frameHeaderBytes
    const kind = this.bytes[from] ?? 0
    if (kind < recordKinds.header || kind > recordKinds.start) return false
    return crc32(this.bytes.subarray(from, from + length)) === this.words[at / 4 + 1]
  }

  /**
   * True once the bytes at the next frame were seen wrong often enough; otherwise they are read again later. Where nobody
   * writes any more they are what they are: false would tell that the log ends here.
   */
  #isSettled(): boolean {
    this.#suspicions++
    if (this.isFinal || this.#isSkipping || this.#suspicions > rereads) return true
    this.#fileOffset += this.#next
    this.#next = 0
    this.#filled = 0
    return false
  }

  /** Moves past a corrupt place: to the next whole frame, or as far as the bytes at hand go. */
  #resynchronize(): void {
    if (!this.#isSkipping) this.skipped++
    this.#isSkipping = true
    let at = this.#next + 8
    while (at + frameHeaderBytes <= this.#filled) {
      const length = this.#payloadLength(at)
      if (length !== undefined) {
        if (at + framedBytes(length) > this.#filled && this.#fileOffset + at + framedBytes(length) <= this.size()) break
        if (at + framedBytes(length) <= this.#filled && this.#isIntact(at, length)) break
      }
      at += 8
    }
    const next = Math.min(at, this.#filled)
    this.skippedBytes += next - this.#next
    this.#next = next
  }

  /** Moves what is left to the front of the buffer, and makes it `length` bytes long at least. */
  #room(length: number): void {
    this.bytes.copyWithin(0, this.#next, this.#filled)
    this.#filled -= this.#next
    this.#fileOffset += this.#next
    this.#next = 0
    if (length <= this.bytes.length) return
    const larger = new Uint8Array(aligned(length + chunkBytes))
    larger.set(this.bytes.subarray(0, this.#filled))
    this.bytes = larger
    this.words = new Uint32Array(larger.buffer)
    this.numbers = new Float64Array(larger.buffer)
  }

  #fill(): boolean {
    if (this.#filled === this.bytes.length || this.#next === this.#filled) this.#room(0)
    const read = readSync(
      this.#file,
      this.bytes,
      this.#filled,
      this.bytes.length - this.#filled,
      this.#fileOffset + this.#filled,
    )
    this.#filled += read
    return read > 0
  }
}
