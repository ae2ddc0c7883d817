import {
  type BatchAck,
  type ConsoleLine,
  encodeHistoryBatch,
  type HistoryBatch,
  type Rejection,
  type RunUpdate,
  type Stream,
  type TextPoint,
} from '@kiroku/core/history'
import { RowColumns } from './row-columns.ts'

const pointsPerBatch = 200_000
/** What is not points goes as JSON; a batch may have 32 MiB. */
const jsonPerBatch = 4 * 1024 * 1024
const mostRejections = 100

type WithoutSeq<T> = T extends unknown ? Omit<T, 'seq'> : never

/** Where a stream goes: its writer, and the last of its records that the server has. */
export type StreamTarget = Pick<HistoryBatch, 'project' | 'run' | 'writer'> & { ackSeq: number }

/**
 * The records of one writer, numbered as they are added. The same records in the same order get the same numbers, so that
 * what the server has of them is passed over and an interrupted import goes on where it stopped. One batch is on its way
 * while the next is gathered.
 */
export class RecordStream {
  /** What could not be stored, each with the reason; of many the first. */
  readonly rejected: Rejection[] = []
  /** How many values that are, all of them. */
  rejectedCount = 0
  readonly #send: (batch: Uint8Array<ArrayBuffer>) => Promise<BatchAck>
  readonly #target: Omit<StreamTarget, 'ackSeq'>
  readonly #points: Readonly<Record<Stream, RowColumns>> = {
    history: new RowColumns(),
    system: new RowColumns(),
  }
  #ackSeq: number
  #seq = 0
  #isNumbered = false
  #sentSeq = 0
  #texts: TextPoint[] = []
  #updates: RunUpdate[] = []
  #lines: ConsoleLine[] = []
  #jsonLength = 0
  #sending: Promise<void> = Promise.resolve()

  constructor(
    send: (batch: Uint8Array<ArrayBuffer>) => Promise<BatchAck>,
    { ackSeq, project, run, writer }: StreamTarget,
  ) {
    this.#send = send
    this.#target = { project, run, writer }
    this.#ackSeq = ackSeq
  }

  /** The number of the last record that was added. */
  get seq(): number {
    return this.#seq
  }

  /** The number of the last record that the server has. */
  get ackSeq(): number {
    return this.#ackSeq
  }

  /** Whether so much was added that `flush` is due. */
  get isFull(): boolean {
    const { history, system } = this.#points
    return this.#jsonLength >= jsonPerBatch || history.length + system.length >= pointsPerBatch
  }

  /**
   * Gives what is added from now on this number, which is above the last one, until the next call. Nothing is sent in between:
   * ask `isFull` and call `flush` before the next number.
   */
  numberAs(seq: number): void {
    this.#isNumbered = true
    this.#seq = seq
  }

  /** Whether the server has the next so many records already. */
  hasNext(count: number): boolean {
    return this.#seq + count <= this.#ackSeq
  }

  /** Adds a point and answers whether `flush` is due. `time` is unix milliseconds. */
  point(stream: Stream, metric: string, step: number, time: number, value: number): boolean {
    const columns = this.#points[stream]
    columns.add(metric, this.#number(), step, time, value)
    return columns.length === pointsPerBatch
  }

  async text(text: Omit<TextPoint, 'seq'>): Promise<void> {
    this.#texts.push({ ...text, seq: this.#number() })
    await this.#added(JSON.stringify(text.value).length + text.metric.length)
  }

  /** Adds a line; one that is numbered already keeps its number. */
  async line(line: Omit<ConsoleLine, 'seq'> & { seq?: number }): Promise<void> {
    this.#lines.push({ ...line, seq: line.seq ?? this.#number() })
    await this.#added(line.text.length + 100)
  }

  async update(update: WithoutSeq<RunUpdate>): Promise<void> {
    this.#updates.push({ ...update, seq: this.#number() })
    await this.#added(JSON.stringify(update).length)
  }

  #number(): number {
    return this.#isNumbered ? this.#seq : ++this.#seq
  }

  async #added(length: number): Promise<void> {
    this.#jsonLength += length
    if (!this.#isNumbered && this.#jsonLength >= jsonPerBatch) await this.flush()
  }

  /** Sends what was added when the batch before has arrived. Throws what the server said to that one. */
  async flush(): Promise<void> {
    await this.#sending
    if (this.#seq === this.#sentSeq) return
    const firstSeq = this.#sentSeq + 1
    const lastSeq = this.#seq
    const batch: HistoryBatch = {
      ...this.#target,
      firstSeq,
      lastSeq,
      history: this.#points.history.take(),
      system: this.#points.system.take(),
      texts: this.#texts,
      updates: this.#updates,
      console: this.#lines,
    }
    this.#texts = []
    this.#updates = []
    this.#lines = []
    this.#jsonLength = 0
    this.#sentSeq = lastSeq
    if (lastSeq <= this.#ackSeq) return
    this.#sending = this.#deliver(encodeHistoryBatch(batch))
    // Who flushes next hears of a failure; nobody else needs to.
    this.#sending.catch(() => {})
  }

  async #deliver(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { ackSeq, rejected } = await this.#send(bytes)
    this.#ackSeq = Math.max(this.#ackSeq, ackSeq)
    this.rejectedCount += rejected.length
    this.rejected.push(...rejected.slice(0, mostRejections - this.rejected.length))
  }

  /** Sends what is left; resolves when everything is on the server's disk. */
  async finish(): Promise<void> {
    await this.flush()
    await this.#sending
  }
}
