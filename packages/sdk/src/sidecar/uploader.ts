import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BatchAck } from '@kiroku/core/history'
import type { CreateRunInput, CreateRunResult } from '@kiroku/core/runs'
import { logFileName, recordKinds, updateFlags } from '../log/format.ts'
import { LogReader } from '../log/log-reader.ts'
import { LogWriter } from '../log/log-writer.ts'
import { RecordEncoder } from '../log/record-encoder.ts'
import { Assembler } from './assembler.ts'
import { Backoff } from './backoff.ts'
import type { Order, Report } from './protocol.ts'
import { createRun, type Outcome, type Server, sendBatch } from './server-client.ts'
import type { Turns } from './turns.ts'
import type { Wakeable } from './wakeable.ts'

const maxBatchBytes = 4 * 1024 * 1024
const pollMs = 20
const readAheadRecords = 500
const heartbeatMs = 15_000
/** How long a run waits for the facts about code and machine before it is told to the server without them. */
const factsWaitMs = 2_000

/** The file that marks a run whose log is on the server from end to end. */
export const syncedFileName = 'synced'

/** What an uploader is given: the run, whom to tell, whose turn it is, and what wakes it. */
export type UploaderOptions = {
  order: Order
  report: (report: Report) => void
  /** At most a few batches are in memory at a time, over all runs. */
  turns: Turns
  /** Woken when the script is gone. */
  wakeable: Wakeable
  /** True once the script is gone: nobody writes to the log any more. */
  isOrphan: () => boolean
}

/** Brings one run's log to the server, from wherever the server stands to the run's end. */
export class Uploader {
  readonly #options: UploaderOptions
  readonly #server: Server
  readonly #path: string
  #reader: LogReader
  #assembler = new Assembler()
  #acknowledged = 0
  readonly #backoff = new Backoff()
  readonly #beginnings = new Backoff()
  #isWaiting = false
  #lastSentAt = Number.NEGATIVE_INFINITY
  /** When the server last took something, by `performance.now()`, as all times here: no clock is set back under them. */
  lastProgressAt = performance.now()

  /** Opens the log. Throws what the file system throws. */
  constructor(options: UploaderOptions) {
    this.#options = options
    this.#server = { url: options.order.url, apiKey: options.order.apiKey }
    this.#path = join(options.order.directory, logFileName)
    this.#reader = new LogReader(this.#path)
  }

  /** Works until everything is acknowledged, or the server refuses the run for good. */
  async run(): Promise<void> {
    const input = await this.#readCreate()
    if (input === undefined) return
    const created = await this.#create(input)
    this.#restart(created.ackSeq)
    while (!(await this.#sendNext(created, input)));
    this.#markSynced()
    this.#options.report({ type: 'done', id: this.#options.order.id })
    this.#reader.close()
  }

  #markSynced(): void {
    try {
      writeFileSync(join(this.#options.order.directory, syncedFileName), `${new Date().toISOString()}\n`)
    } catch {
      // Without the mark the log would be sent again by a later reader, which changes nothing on the server.
    }
  }

  /** Reads the log's first records: what the run was started with, then, if they come soon, the facts. */
  async #readCreate(): Promise<CreateRunInput | undefined> {
    const deadline = performance.now() + factsWaitMs
    for (;;) {
      while (this.#assembler.facts === undefined && this.#reader.next()) this.#assembler.accept(this.#reader)
      const { header, facts, isFinished } = this.#assembler
      const isLate = performance.now() > deadline || isFinished || this.#options.isOrphan()
      if (header !== undefined && (facts !== undefined || isLate)) return { ...header.create, ...facts }
      if (header === undefined && this.#options.isOrphan()) return undefined
      await this.#options.wakeable.sleep(pollMs)
    }
  }

  async #create(input: CreateRunInput): Promise<CreateRunResult> {
    const created = await this.#insist(() => createRun(this.#server, input))
    if (created.kind !== 'done') throw new RefusedError('why' in created ? created.why : 'it answers out of order')
    const { value: result } = created
    this.#options.report({ type: 'created', id: this.#options.order.id, url: this.#server.url + result.path, result })
    return created.value
  }

  /** Reads the log anew, to give what comes after `ackSeq`. */
  #restart(ackSeq: number): void {
    this.#reader.close()
    this.#reader = new LogReader(this.#path)
    this.#assembler = new Assembler(ackSeq)
    this.#acknowledged = ackSeq
  }

  /** Sends what there is; true when it was the last. */
  async #sendNext(run: CreateRunResult, input: CreateRunInput): Promise<boolean> {
    this.#readOn()
    const hasRecords = this.#assembler.seq > this.#acknowledged
    if (!hasRecords) {
      if (this.#assembler.isFinished) return true
      if (performance.now() - this.#lastSentAt < heartbeatMs) {
        await this.#options.wakeable.sleep(pollMs)
        return false
      }
    }
    const offset = this.#reader.offset
    const { sent, lastSeq } = await this.#sendInTurn(run, input)
    return this.#conclude(sent, { input, lastSeq, offset })
  }

  async #sendInTurn(
    run: CreateRunResult,
    input: CreateRunInput,
  ): Promise<{ sent: Outcome<BatchAck>; lastSeq: number }> {
    const release = await this.#options.turns.take()
    try {
      const { firstSeq, lastSeq, ...content } = this.#assembler.take()
      const batch = { project: run.project, run: run.run, writer: input.writer, firstSeq, lastSeq, ...content }
      const sending = this.#insist(() => {
        this.#lastSentAt = performance.now()
        return sendBatch(this.#server, batch)
      })
      return { sent: await this.#readAhead(sending), lastSeq }
    } finally {
      release()
    }
  }

  /** Gathers the next batch while one is on its way, a little at a time, so that the sending goes on. */
  async #readAhead<T>(sending: Promise<T>): Promise<T> {
    let isSent = false
    const sent = sending.finally(() => {
      isSent = true
    })
    do await new Promise((resolve) => setImmediate(resolve))
    while (!isSent && this.#readOn(readAheadRecords))
    return sent
  }

  async #conclude(
    outcome: Outcome<BatchAck>,
    { input, lastSeq, offset }: { input: CreateRunInput; lastSeq: number; offset: number },
  ): Promise<boolean> {
    const { report, order } = this.#options
    switch (outcome.kind) {
      case 'done': {
        this.#acknowledged = Math.max(lastSeq, outcome.value.ackSeq)
        this.#beginnings.reset()
        report({
          type: 'acknowledged',
          id: order.id,
          bytes: offset,
          total: this.#reader.size(),
          otherWriters: outcome.value.otherWriters,
        })
        for (const rejected of outcome.value.rejected) report({ type: 'rejected', id: order.id, ...rejected })
        const pauseMs = this.#lastSentAt + outcome.value.nextBatchMs - performance.now()
        if (pauseMs > 0 && !this.#assembler.isFinished) await this.#options.wakeable.sleep(pauseMs)
        return false
      }
      case 'gap':
        await this.#pause()
        this.#restart(outcome.ackSeq)
        return false
      case 'unknown': {
        // The server lost the writer, for instance because its data directory is another one: begin anew there.
        await this.#pause()
        const created = await this.#create(input)
        this.#restart(created.ackSeq)
        return false
      }
      case 'again':
      case 'refused':
        throw new RefusedError(outcome.why)
    }
  }

  /** A server that asks for another beginning again and again is asked ever less often. */
  #pause(): Promise<void> {
    return this.#options.wakeable.sleep(this.#beginnings.next(), { deaf: true })
  }

  /**
   * Reads the log on until a batch is full or nothing is left, `maxRecords` at most; ends the log of a script that is
   * gone. True when there may be more.
   */
  #readOn(maxRecords = Number.POSITIVE_INFINITY): boolean {
    const wasOrphan = this.#options.isOrphan()
    this.#reader.isFinal = wasOrphan
    for (let record = 0; record < maxRecords; record++) {
      if (this.#assembler.bytes >= maxBatchBytes || this.#assembler.isFinished) return false
      if (this.#reader.next()) this.#assembler.accept(this.#reader)
      else if (wasOrphan) this.#endLog()
      else return false
    }
    return true
  }

  /** The script is gone and did not say how it ended: says so in its place, in the log too. */
  #endLog(): void {
    const finish = { type: 'finish' as const, state: 'crashed' as const, exitCode: null, time: Date.now() }
    this.#assembler.end(finish)
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

  /** Tries until there is an answer that trying again would not change. */
  async #insist<T>(attempt: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const { report, order } = this.#options
    for (;;) {
      const outcome = await attempt()
      if (outcome.kind !== 'again') {
        this.#backoff.reset()
        this.lastProgressAt = performance.now()
        if (this.#isWaiting) report({ type: 'connected', id: order.id })
        this.#isWaiting = false
        return outcome
      }
      if (!this.#isWaiting) report({ type: 'waiting', id: order.id, why: outcome.why })
      this.#isWaiting = true
      await this.#options.wakeable.sleep(this.#backoff.next(outcome.afterMs), { deaf: true })
    }
  }
}

/** The server refused a run for good; the message says why. */
export class RefusedError extends Error {}
