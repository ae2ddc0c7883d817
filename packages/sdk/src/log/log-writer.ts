import { closeSync, fdatasync, fdatasyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { aligned, framedBytes, frameHeaderBytes, frameMark, recordKinds } from './format.ts'

/** Bytes that wait for a disk that takes none, before rows and what was printed are dropped. */
const maxWaitingBytes = 64 * 1024 * 1024

/**
 * Appends records to a log. Nothing here throws for the disk's sake: what could not be written waits in bounded memory
 * and is tried again at the next `flush`; beyond the bound rows and printed text are dropped and counted, other records are kept.
 */
export class LogWriter {
  readonly #file: number
  #position: number
  #waiting = new Uint8Array(64 * 1024)
  #length = 0
  #isSynced = true
  #isSyncing = false
  /** Rows that were dropped because the disk took nothing for too long. */
  droppedRows = 0
  /** Bytes of console records that were dropped for the same reason. */
  droppedConsoleBytes = 0

  /** Begins a log at `path`, or goes on with one at `position`. Throws what the file system throws. */
  constructor(path: string, position?: number) {
    this.#file = openSync(path, position === undefined ? 'wx' : 'r+', 0o600)
    this.#position = position ?? 0
  }

  /** The log's length in bytes, with what waits. */
  get size(): number {
    return this.#position + this.#length
  }

  /** Puts a record at the end; it is written at the next `flush`. */
  append(payload: Uint8Array): void {
    const framed = framedBytes(payload.length)
    if (this.#length + framed > maxWaitingBytes && this.#drop(payload)) return
    this.#reserve(this.#length + framed)
    const view = new DataView(this.#waiting.buffer, this.#length)
    view.setUint32(0, ((frameMark << 24) | payload.length) >>> 0, true)
    const from = this.#length + frameHeaderBytes
    const to = from + payload.length
    this.#waiting.set(payload, from)
    this.#waiting.fill(0, to, this.#length + framed)
    view.setUint32(4, crc32(this.#waiting.subarray(from, to)), true)
    this.#length += framed
  }

  /** Writes what waits. Answers the error that kept it from doing so, after which everything still waits. */
  flush(): Error | undefined {
    let written = 0
    try {
      while (written < this.#length) {
        written += writeSync(this.#file, this.#waiting, written, this.#length - written, this.#position + written)
      }
    } catch (cause) {
      return cause instanceof Error ? cause : new Error(String(cause))
    }
    if (written === 0) return undefined
    this.#position += written
    this.#length = 0
    this.#isSynced = false
    if (this.#waiting.length > 8 * 1024 * 1024) this.#waiting = new Uint8Array(64 * 1024)
    return undefined
  }

  /** Has the disk keep what is written, in the background; does nothing when it does already. */
  sync(): void {
    if (this.#isSynced || this.#isSyncing) return
    this.#isSynced = true
    this.#isSyncing = true
    fdatasync(this.#file, (error) => {
      this.#isSyncing = false
      if (error) this.#isSynced = false
    })
  }

  /** Cuts off what the file has beyond the end of this log: the torn end of a writer that died. */
  cutTail(): void {
    ftruncateSync(this.#file, this.#position)
  }

  /** Writes what waits, has the disk keep it, and closes. Answers the error that kept it from doing so. */
  close(): Error | undefined {
    const problem = this.flush()
    try {
      fdatasyncSync(this.#file)
      closeSync(this.#file)
    } catch (cause) {
      return problem ?? (cause instanceof Error ? cause : new Error(String(cause)))
    }
    return problem
  }

  /** Counts a record that can be done without; false for one that cannot. */
  #drop(payload: Uint8Array): boolean {
    if (payload[0] === recordKinds.row) this.droppedRows++
    else if (payload[0] === recordKinds.console) this.droppedConsoleBytes += payload.length
    else return false
    return true
  }

  #reserve(length: number): void {
    if (length <= this.#waiting.length) return
    const larger = new Uint8Array(aligned(Math.max(length, this.#waiting.length * 2)))
    larger.set(this.#waiting.subarray(0, this.#length))
    this.#waiting = larger
  }
}
