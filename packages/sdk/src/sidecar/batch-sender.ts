import { type BatchAck, emptyRowBlock } from '@kiroku/core/history'
import type { CreateRunResult } from '@kiroku/core/runs'
import type { Assembled } from './assembler.ts'
import { Backoff } from './backoff.ts'
import { describeRecord, halvesOf } from './batch-halves.ts'
import type { Report } from './protocol.ts'
import { type Outcome, type Server, sendBatch } from './server-client.ts'
import type { Wakeable } from './wakeable.ts'

/** What a server answers to a batch that it takes some of the records of. */
const statusesOfContent = new Set([400, 413, 422])

/** The run that batches are of, and who writes them. */
export type BatchAddress = { run: Pick<CreateRunResult, 'project' | 'run'>; writer: string }

export type BatchSenderOptions = {
  server: Server
  /** The run's number in reports. */
  id: number
  report: (report: Report) => void
  wakeable: Wakeable
  signal: AbortSignal | undefined
  /** Tells that a record is left out, and why. */
  leaveOut: (what: string, why: string) => void
  /** Tells that a batch was longer than the server or something before it takes. */
  tooLarge: () => void
}

/** Sends batches, as often and in as small parts as it takes. Times are by `performance.now()`. */
export class BatchSender {
  readonly #options: BatchSenderOptions
  #isWaiting = false
  /** When a batch was last begun to be sent. */
  lastSentAt = Number.NEGATIVE_INFINITY
  /** When the server last gave an answer that stands. */
  lastProgressAt = performance.now()

  constructor(options: BatchSenderOptions) {
    this.#options = options
  }

  /**
   * Sends a batch; one that the server does not take for something in it, in ever smaller parts, down to the record that is
   * left out. The last outcome.
   */
  async send(address: BatchAddress, batch: Assembled): Promise<Outcome<BatchAck>> {
    const outcome = await this.#post(address, batch)
    const { firstSeq, lastSeq } = batch
    if (outcome.kind !== 'refused' || !statusesOfContent.has(outcome.status) || lastSeq < firstSeq) return outcome
    if (firstSeq === lastSeq) {
      const without = await this.sendEmpty(address, firstSeq, lastSeq)
      if (without.kind === 'done') this.#options.leaveOut(describeRecord(batch), outcome.why)
      return without
    }
    if (outcome.status === 413) this.#options.tooLarge()
    const [first, second] = halvesOf(batch)
    const begun = await this.send(address, first)
    return begun.kind === 'done' ? this.send(address, second) : begun
  }

  /** Sends a batch without content: a sign of life when `lastSeq` is below `firstSeq`, else records that say nothing. */
  sendEmpty(address: BatchAddress, firstSeq: number, lastSeq: number): Promise<Outcome<BatchAck>> {
    const [history, system] = [emptyRowBlock(), emptyRowBlock()]
    return this.#post(address, { firstSeq, lastSeq, texts: [], updates: [], console: [], history, system })
  }

  /** Tries until there is an answer that trying again would not change. Rejects when one of the signals is aborted. */
  async insist<T>(attempt: () => Promise<Outcome<T>>, also?: AbortSignal): Promise<Outcome<T>> {
    const { report, id, signal, wakeable } = this.#options
    const backoff = new Backoff()
    for (;;) {
      const outcome = await attempt()
      signal?.throwIfAborted()
      also?.throwIfAborted()
      if (outcome.kind !== 'again') {
        this.lastProgressAt = performance.now()
        if (this.#isWaiting && outcome.kind !== 'refused') report({ type: 'connected', id })
        this.#isWaiting = false
        return outcome
      }
      if (!this.#isWaiting) report({ type: 'waiting', id, why: outcome.why })
      this.#isWaiting = true
      await wakeable.sleep(backoff.next(outcome.afterMs), { deaf: true, signal })
    }
  }

  #post({ run, writer }: BatchAddress, batch: Assembled): Promise<Outcome<BatchAck>> {
    return this.insist(() => {
      this.lastSentAt = performance.now()
      return sendBatch(this.#options.server, { project: run.project, run: run.run, writer, ...batch })
    })
  }
}
