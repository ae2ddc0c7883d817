import { consoleFlags, recordKinds } from '../log/format.ts'
import { shortBytes } from '../messages.ts'
import { listenToOutput, type OutputStream } from './process-output.ts'

/** What is printed at once goes on in pieces of this size. */
const maxPieceBytes = 64 * 1024
const headerBytes = 16

/** Records what the script prints in one run's log. What finds no room is left out, and the log says so. */
export class RunConsole {
  readonly #send: (payload: Uint8Array) => boolean
  readonly #stopListening: () => void
  #dropped: { stream: OutputStream; bytes: number } | undefined

  /** Begins at once; `send` answers false for a record that had to be dropped. */
  constructor(send: (payload: Uint8Array) => boolean) {
    this.#send = send
    this.#stopListening = listenToOutput((stream, bytes, time) => this.#take(stream, bytes, time))
  }

  /** Ends the recording. */
  close(): void {
    this.#stopListening()
    this.#tellDropped(Date.now())
  }

  #take(stream: OutputStream, bytes: Uint8Array, time: number): void {
    for (let from = 0; from < bytes.length; from += maxPieceBytes) {
      const piece = bytes.subarray(from, from + maxPieceBytes)
      const isSent = this.#tellDropped(time) && this.#send(consoleRecord(stream, piece, time))
      if (!isSent) this.#dropped = { stream, bytes: (this.#dropped?.bytes ?? 0) + piece.length }
    }
  }

  /** Puts a line where something is missing; false when there is no room for it either. */
  #tellDropped(time: number): boolean {
    if (this.#dropped === undefined) return true
    const { stream, bytes } = this.#dropped
    const line = `\n[${shortBytes(bytes)} were printed here faster than they could be kept]\n`
    if (!this.#send(consoleRecord(stream, Buffer.from(line), time))) return false
    this.#dropped = undefined
    return true
  }
}

/** A console record of the log, with bytes of text as the script printed them. */
export function consoleRecord(stream: OutputStream, bytes: Uint8Array, time: number): Uint8Array {
  const record = new Uint8Array(headerBytes + bytes.length)
  const view = new DataView(record.buffer)
  record[0] = recordKinds.console
  record[1] = stream === 'stderr' ? consoleFlags.stderr : 0
  view.setUint32(4, bytes.length, true)
  view.setFloat64(8, time, true)
  record.set(bytes, headerBytes)
  return record
}
