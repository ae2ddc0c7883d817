import { join } from 'node:path'
import type { BatchAck } from '@kiroku/core/history'
import type { CreateRunInput, CreateRunResult } from '@kiroku/core/runs'
import { logFileName } from '../log/format.ts'
import type { Assembled } from './assembler.ts'
import { Backoff } from './backoff.ts'
import { BatchSender } from './batch-sender.ts'
import { FileUploads } from './file-uploads.ts'
import { LogFeed, type LogLosses } from './log-feed.ts'
import { markRefused, markSynced } from './marks.ts'
import type { Order, Report } from './protocol.ts'
import { RefusedError } from './refused-error.ts'
import { createRun, type Outcome, type Server } from './server-client.ts'
import type { Turns } from './turns.ts'
import type { Wakeable } from './wakeable.ts'

const pollMs = 20
const idlePollMs = 50
/** So long after the last record the log is looked at less often. */
const idleAfterMs = 2_000
const readAheadRecords = 500
const heartbeatMs = 15_000
/** Beginnings that a server forgets at once, before it counts as one that refuses the run. */
const maxVainBeginnings = 3
const refusedWait = { firstMs: 30_000, longestMs: 300_000 }

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
  /** What the run is sent as, where that is not what its log says; asked with nothing where the log has lost that. */
  adjust?: ((create: CreateRunInput | undefined) => CreateRunInput) | undefined
  /** What tags that the script set later are sent as. */
  adjustTags?: ((tags: string[]) => string[]) | undefined
  /** The work is done once all that the log holds now is sent, also while its script writes on. */
  stopsAtEnd?: boolean
  /** Asked for the key of a server that refused one. */
  freshKey?: (() => string | null) | undefined
  /** A refused run is asked about again while its script lives, this long after; null: never. */
  refusedWait?: { firstMs: number; longestMs: number } | null
  /** Ends the work: `run` rejects with its reason. */
  signal?: AbortSignal | undefined
}

/** What became of a run that was brought to the server. Rows are those of the script; `isComplete`: up to its end. */
export type Uploaded = { run: CreateRunResult; rows: number; losses: LogLosses; isComplete: boolean }

/** What a run is while the server takes it. */
type Sending = { run: CreateRunResult; input: CreateRunInput; files: FileUploads }

/** Brings one run's log to the server, from wherever the server stands to the run's end. */
export class Uploader {
  readonly #options: UploaderOptions
  readonly #server: Server
  readonly #sender: BatchSender
  readonly #feed: LogFeed
  #acknowledged = 0
  readonly #beginnings = new Backoff()
  #vainBeginnings = 0
  #isRefused = false
  #hasToldDropped = false
  #hasToldStop = false
  #lastRecordAt = performance.now()

  /** Opens the log. Throws what the file system throws. */
  constructor(options: UploaderOptions) {
    this.#options = options
    const { url, apiKey, directory } = options.order
    this.#server = { url, apiKey, signal: options.signal }
    this.#sender = new BatchSender({
      server: this.#server,
      report: options.report,
      id: options.order.id,
      wakeable: options.wakeable,
      signal: options.signal,
      leaveOut: (what, why) => this.#leaveOut(what, why),
      tooLarge: () => this.#feed.shrinkBatches(),
    })
    this.#feed = new LogFeed(join(directory, logFileName), options.isOrphan)
  }

  /** When the server last answered, by `performance.now()`, as all times here: no clock is set back under them. */
  get lastProgressAt(): number {
    return this.#sender.lastProgressAt
  }

  /** From now on the server's silence counts anew. */
  restartPatience(): void {
    this.#sender.lastProgressAt = performance.now()
  }

  /**
   * Works until everything is acknowledged; answers undefined for a log that holds no run. A server that refuses the run is asked
   * again ever less often while the script lives. Throws `RefusedError` once that is no use any more.
   */
  async run(): Promise<Uploaded | undefined> {
    const { firstMs, longestMs } = this.#options.refusedWait ?? refusedWait
    const waits = new Backoff({ firstMs, longestMs })
    try {
      for (;;) {
        const wasOrphan = this.#options.isOrphan()
        const files = new AbortController()
        try {
          return await this.#bring(files.signal)
        } catch (cause) {
          if (!(cause instanceof RefusedError)) throw cause
          if (cause.isFinal) markRefused(this.#options.order.directory, cause.message)
          if (cause.isFinal || wasOrphan || this.#options.refusedWait === null) throw cause
          this.#tellRefused(cause)
        } finally {
          files.abort(new Error('another attempt follows'))
        }
        if (!this.#options.isOrphan()) await this.#options.wakeable.sleep(waits.next())
        this.#changeKey()
      }
    } finally {
      this.#feed.close()
    }
  }

  #tellRefused({ message: why, code }: RefusedError): void {
    const { report, order } = this.#options
    if (!this.#isRefused) report({ type: 'refused', id: order.id, why, code, isFinal: false })
    this.#isRefused = true
  }

  /** Takes the key that is on file now; that of the order again when the one on file is refused as well. */
  #changeKey(): void {
    const { apiKey } = this.#options.order
    const fresh = this.#options.freshKey?.() ?? apiKey
    this.#server.apiKey = fresh === this.#server.apiKey ? apiKey : fresh
  }

  async #bring(filesSignal: AbortSignal): Promise<Uploaded | undefined> {
    const input = await this.#readCreate()
    if (input === undefined) return undefined
    const run = await this.#create(input)
    const { directory, id } = this.#options.order
    const files = new FileUploads({
      directory,
      server: () => this.#server,
      insist: (attempt) => this.#sender.insist(attempt, filesSignal),
      leaveOut: (path, why) => this.#leaveOut(`the file ${path}`, why),
    })
    this.#restart(run)
    const sending = { run, input, files }
    while (!(await this.#sendNext(sending)));
    const uploaded = {
      run: sending.run,
      rows: this.#feed.assembler.rows,
      losses: this.#feed.losses,
      isComplete: this.#feed.assembler.isFinished,
    }
    this.#noteLosses(uploaded.losses)
    const { project, run: slug, path } = sending.run
    if (uploaded.isComplete) {
      markSynced(directory, { url: this.#server.url, project, run: slug, path, rows: uploaded.rows })
    }
    this.#options.report({ type: 'done', id })
    return uploaded
  }

  /** What the run was started with, once the log says so; undefined for a log that never will. */
  async #readCreate(): Promise<CreateRunInput | undefined> {
    for (;;) {
      this.#options.signal?.throwIfAborted()
      const wasOrphan = this.#options.isOrphan()
      const create = this.#feed.readCreate()
      if (create !== undefined || wasOrphan) return this.#options.adjust?.(create) ?? create
      await this.#options.wakeable.sleep(pollMs)
    }
  }

  async #create(input: CreateRunInput): Promise<CreateRunResult> {
    const created = await this.#sender.insist(() => createRun(this.#server, input))
    if (created.kind !== 'done') {
      const goesOn = [input.resume, input.rewind, input.fork].some((asked) => asked !== undefined)
      const isAnswer = 'code' in created && ['BAD_REQUEST', 'NOT_FOUND', 'CONFLICT'].includes(created.code ?? '')
      throw RefusedError.of(created, { isFinal: goesOn && isAnswer })
    }
    const { value: result } = created
    this.#options.report({ type: 'created', id: this.#options.order.id, url: this.#server.url + result.path, result })
    return result
  }

  #restart({ ackSeq, startingStep }: Pick<CreateRunResult, 'ackSeq' | 'startingStep'>): void {
    this.#feed.restart(ackSeq, startingStep)
    this.#acknowledged = ackSeq
  }

  /** Sends what there is; true when it was the last. */
  async #sendNext(sending: Sending): Promise<boolean> {
    this.#options.signal?.throwIfAborted()
    this.#feed.readOn()
    this.#noteDropped(sending.run)
    const { assembler } = this.#feed
    if (assembler.seq > this.#acknowledged) {
      this.#lastRecordAt = performance.now()
      await sending.files.prepare(assembler.files)
      if (assembler.isFinished) sending.files.takeUpLate()
      while (assembler.isFinished && sending.files.hasPending) await this.#awaitFiles(sending)
    } else {
      if (assembler.isFinished || (this.#options.stopsAtEnd && !this.#options.isOrphan())) return true
      if (performance.now() - this.#sender.lastSentAt < heartbeatMs) {
        const isIdle = performance.now() - this.#lastRecordAt > idleAfterMs
        await this.#options.wakeable.sleep(isIdle ? idlePollMs : pollMs)
        return false
      }
    }
    await this.#sendInTurn(sending)
    return false
  }

  /** The run's last records wait for its files; meanwhile the server hears that somebody is there. */
  async #awaitFiles({ run, input, files }: Sending): Promise<void> {
    await files.settled(heartbeatMs)
    this.#options.signal?.throwIfAborted()
    if (!files.hasPending || performance.now() - this.#sender.lastSentAt < heartbeatMs) return
    const from = this.#acknowledged + 1
    await this.#sender.sendEmpty({ run, writer: input.writer }, from, from - 1)
  }

  async #sendInTurn(sending: Sending): Promise<void> {
    const { run, input, files } = sending
    const release = await this.#options.turns.take()
    try {
      const { offset } = this.#feed
      const taken = this.#feed.assembler.take()
      const batch = files.fill(this.#withTags(taken))
      const outcome = await this.#readAhead(this.#sender.send({ run, writer: input.writer }, batch))
      if (outcome.kind === 'done') {
        files.settle(batch, outcome.value.ackSeq)
        this.#acknowledged = Math.max(batch.lastSeq, outcome.value.ackSeq)
        this.#told(outcome.value, offset)
      }
      release()
      await this.#conclude(outcome, sending)
    } finally {
      release()
    }
  }

  #withTags(batch: Assembled): Assembled {
    const { adjustTags } = this.#options
    if (adjustTags === undefined) return batch
    const updates = batch.updates.map((update) =>
      update.type === 'labels' && update.set.tags !== undefined
        ? { ...update, set: { ...update.set, tags: adjustTags(update.set.tags) } }
        : update,
    )
    return { ...batch, updates }
  }

  /** Gathers the next batch while one is on its way, a little at a time, so that the sending goes on. */
  async #readAhead<T>(sending: Promise<T>): Promise<T> {
    let isSent = false
    const sent = sending.finally(() => {
      isSent = true
    })
    do await new Promise((resolve) => setImmediate(resolve))
    while (!isSent && this.#feed.readOn(readAheadRecords))
    return sent
  }

  #told(ack: BatchAck, offset: number): void {
    const { report, order } = this.#options
    this.#beginnings.reset()
    this.#vainBeginnings = 0
    if (this.#isRefused) report({ type: 'connected', id: order.id })
    this.#isRefused = false
    const total = this.#feed.size
    report({ type: 'acknowledged', id: order.id, bytes: offset, total, otherWriters: ack.otherWriters })
    if (ack.isStopAsked && !this.#hasToldStop) report({ type: 'stopAsked', id: order.id })
    this.#hasToldStop = ack.isStopAsked
    this.#feed.isStopAsked = ack.isStopAsked
    for (const rejected of ack.rejected) report({ type: 'rejected', id: order.id, ...rejected })
  }

  async #conclude(outcome: Outcome<BatchAck>, sending: Sending): Promise<void> {
    switch (outcome.kind) {
      case 'done': {
        const pauseMs = this.#sender.lastSentAt + outcome.value.nextBatchMs - performance.now()
        if (pauseMs > 0 && !this.#feed.assembler.isFinished) await this.#options.wakeable.sleep(pauseMs)
        return
      }
      case 'gap':
        await this.#pause()
        this.#restart({ ackSeq: outcome.ackSeq, startingStep: sending.run.startingStep })
        return
      case 'unknown': {
        // The server lost the writer, for instance because its data directory is another one: begin anew there.
        if (++this.#vainBeginnings > maxVainBeginnings) throw RefusedError.of(outcome)
        await this.#pause()
        sending.run = await this.#create(sending.input)
        this.#restart(sending.run)
        return
      }
      case 'again':
      case 'refused':
        throw RefusedError.of(outcome)
    }
  }

  /** A server that asks for another beginning again and again is asked ever less often. */
  #pause(): Promise<void> {
    return this.#options.wakeable.sleep(this.#beginnings.next(), { deaf: true })
  }

  #leaveOut(what: string, reason: string): void {
    this.#options.report({ type: 'rejected', id: this.#options.order.id, metric: what, reason })
  }

  #noteDropped({ startingStep }: CreateRunResult): void {
    if (this.#hasToldDropped || this.#feed.assembler.droppedCalls === 0) return
    this.#hasToldDropped = true
    this.#note(`rows whose step lies before ${startingStep}, where the run goes on, are left out`)
  }

  #noteLosses({ places, bytes, namelessValues }: LogLosses): void {
    if (places === 0) return
    const also = namelessValues === 0 ? '' : `; ${namelessValues} values are of metrics whose name was there`
    this.#note(`${places} places of the local log (${bytes} bytes) cannot be read and are lost${also}`)
  }

  #note(text: string): void {
    this.#options.report({ type: 'noted', id: this.#options.order.id, text })
  }
}
