import type { CreateRunInput } from '@kiroku/core/runs'
import { recordKinds, updateFlags } from '../log/format.ts'
import { LogReader } from '../log/log-reader.ts'
import { LogWriter } from '../log/log-writer.ts'
import { RecordEncoder } from '../log/record-encoder.ts'
import { Assembler } from './assembler.ts'

const maxBatchBytes = 4 * 1024 * 1024
const minBatchBytes = 256 * 1024

/** What of a log could not be read, or is left out on purpose. */
export type LogLosses = {
  /** Places that are corrupt, and their bytes. */
  places: number
  bytes: number
  /** Values whose metric's name was in such a place. */
  namelessValues: number
  /** Calls of `log()` whose step lay before that at which the run goes on. */
  droppedCalls: number
}

/** A log on its way into batches: read from its beginning, to give what comes after what the server has. */
export class LogFeed {
  readonly #path: string
  readonly #isOrphan: () => boolean
  readonly #reader: LogReader
  #batchBytes = maxBatchBytes
  assembler = new Assembler()
  /** Somebody asked the script to end: if it does without a word, it was killed. */
  isStopAsked = false

  /** `isOrphan` tells that nobody writes to the log any more. Throws what the file system throws. */
  constructor(path: string, isOrphan: () => boolean) {
    this.#path = path
    this.#isOrphan = isOrphan
    this.#reader = new LogReader(path)
  }

  /** Up to where the log was read, in bytes. */
  get offset(): number {
    return this.#reader.offset
  }

  /** The log's length at this moment, in bytes. */
  get size(): number {
    return this.#reader.size()
  }

  /** What was lost so far. */
  get losses(): LogLosses {
    const { skipped, skippedBytes } = this.#reader
    const { namelessValues, droppedCalls } = this.assembler
    return { places: skipped, bytes: skippedBytes, namelessValues, droppedCalls }
  }

  /** What the run was started with, once it can be read. */
  readCreate(): CreateRunInput | undefined {
    this.#reader.isFinal = this.#isOrphan()
    while (this.assembler.header === undefined && this.#reader.next()) this.assembler.accept(this.#reader)
    return this.assembler.header?.create
  }

  /** Reads the log anew, to give what comes after `ackSeq` of a run that begins at `startingStep`. */
  restart(ackSeq: number, startingStep: number): void {
    this.#reader.restart()
    this.assembler = new Assembler(ackSeq, startingStep)
  }

  /**
   * Reads the log on until a batch is full or nothing is left, `maxRecords` at most; ends the log of a script that is
   * gone. True when there may be more.
   */
  readOn(maxRecords = Number.POSITIVE_INFINITY): boolean {
    const wasOrphan = this.#isOrphan()
    this.#reader.isFinal = wasOrphan
    for (let record = 0; record < maxRecords; record++) {
      if (this.assembler.bytes >= this.#batchBytes || this.assembler.isFinished) return false
      if (this.#reader.next()) this.assembler.accept(this.#reader)
      else if (wasOrphan) this.#endLog()
      else return false
    }
    return true
  }

  /** Makes the batches to come half as long, down to a quarter of a mebibyte. */
  shrinkBatches(): void {
    this.#batchBytes = Math.max(minBatchBytes, this.#batchBytes / 2)
  }

  /** Closes the log. */
  close(): void {
    this.#reader.close()
  }

  /** The script is gone and did not say how it ended: says so in its place, in the log too. */
  #endLog(): void {
    const state = this.isStopAsked ? ('killed' as const) : ('crashed' as const)
    const finish = { type: 'finish' as const, state, exitCode: null, time: Date.now() }
    this.assembler.end(finish)
    const payload = new RecordEncoder().json(recordKinds.update, finish, updateFlags.finishes)
    if (payload === undefined) return
    try {
      const writer = new LogWriter(this.#path, this.#reader.wholeEnd)
      writer.append(payload)
      if (writer.flush() === undefined) writer.cutTail()
      writer.close()
    } catch {
      // A log without its end reads the same for whoever comes later: its script is gone then too.
    }
  }
}
