import type { ConsoleLine } from '@kiroku/core/history'
import { ConsoleRow } from './console-row.ts'
import { ConsoleScreen } from './console-screen.ts'

type StreamName = ConsoleLine['stream']

/** What a line takes in a batch beside its text. */
const lineBytes = 64

/**
 * The lines that a script printed, from the pieces that it printed them in. Both streams have a screen of their own; lines are
 * numbered over both in the order in which they were begun. The same pieces give the same lines.
 */
export class ConsoleLines {
  readonly #screens: Record<StreamName, ConsoleScreen>
  readonly #changed = new Map<ConsoleRow, { seq: number; stream: StreamName; length: number }>()
  #lines = 0
  #piece = { seq: 0, time: 0, isWanted: true }
  /** About how many bytes `take` would give. */
  bytes = 0

  constructor() {
    this.#screens = { stdout: this.#screen('stdout'), stderr: this.#screen('stderr') }
  }

  /** Takes a piece in; `time` in unix milliseconds. The lines that it changes are given only when it `isWanted`. */
  write(stream: StreamName, bytes: Uint8Array, piece: { seq: number; time: number; isWanted: boolean }): void {
    this.#piece = piece
    this.#screens[stream].write(bytes)
  }

  /** Gives the lines that changed since the last time, as they are now, each with the number of what changed it last. */
  take(): ConsoleLine[] {
    const lines = [...this.#changed].map(([row, { seq, stream }]) => ({
      seq,
      line: row.line,
      stream,
      time: row.time,
      text: row.text(),
    }))
    this.#changed.clear()
    this.bytes = 0
    return lines
  }

  #screen(stream: StreamName): ConsoleScreen {
    return new ConsoleScreen({
      begin: () => new ConsoleRow(this.#lines++, this.#piece.time),
      changed: (row) => {
        if (this.#piece.isWanted) this.#note(row, stream)
      },
    })
  }

  #note(row: ConsoleRow, stream: StreamName): void {
    const { seq } = this.#piece
    const { length } = row
    const known = this.#changed.get(row)
    if (known === undefined) {
      this.#changed.set(row, { seq, stream, length })
      this.bytes += length + lineBytes
      return
    }
    this.bytes += length - known.length
    known.length = length
    known.seq = seq
  }
}
