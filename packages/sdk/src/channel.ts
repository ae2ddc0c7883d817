import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { recordKinds } from './log/format.ts'
import { sidecarPath, writerPath } from './paths.ts'
import { Ring } from './ring.ts'
import { fileKind, ringTag, type WriterEvent, writerEventSchema } from './writer/protocol.ts'

const ringBytes = 4 * 1024 * 1024
const maxPartBytes = 256 * 1024
const megabyte = 1024 * 1024
/** What waits in memory while the ring is full: beyond these bytes records of the kind are dropped, others are kept. */
const maxOverflowBytes: Readonly<Record<number, number>> = {
  [recordKinds.row]: 32 * megabyte,
  [fileKind]: 32 * megabyte,
  [recordKinds.console]: 4 * megabyte,
}
const retryMs = 5

/**
 * The main thread's way to the writer thread, one a process. `send` neither waits nor throws: what finds the ring full
 * waits in bounded memory.
 */
export class WriterChannel {
  readonly #ring = Ring.create(ringBytes)
  readonly #port: MessagePort
  readonly #listeners = new Map<number, (event: WriterEvent) => void>()
  #overflow: { tag: number; part: Uint8Array }[] = []
  #overflowBytes = 0
  #runs = 0
  #isDead = false
  #isRetrying = false

  /** Starts the thread, of which `path` is the program. `onDeath` hears once of a thread that ended before the script. */
  constructor(onDeath: (why: string) => void, path: string = writerPath) {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    const worker = new Worker(path, {
      name: 'kiroku-writer',
      workerData: { ring: this.#ring.shared, port: port2, sidecarPath },
      transferList: [port2],
      execArgv: [],
      argv: [],
    })
    const die = (why: string): void => {
      if (this.#isDead) return
      this.#isDead = true
      onDeath(why)
    }
    worker.on('error', (error) => die(error.message))
    worker.on('exit', () => die('it ended'))
    worker.unref()
    port1.on('message', (message) => this.#hear(message))
    port1.unref()
  }

  /** True once the thread ended: nothing more is written. */
  get isDead(): boolean {
    return this.#isDead
  }

  /** Gives a new run a number; `listener` hears what the thread says about it. */
  register(listener: (event: WriterEvent) => void): number {
    const run = this.#runs++
    this.#listeners.set(run, listener)
    return run
  }

  /** Forgets a run. */
  forget(run: number): void {
    this.#listeners.delete(run)
  }

  /**
   * Hands a record over; false when it had to be dropped, which happens to rows, files and what was printed, and to all once the thread
   * is dead.
   */
  send(run: number, payload: Uint8Array): boolean {
    if (this.#isDead) return false
    if (this.#overflow.length > 0) this.#drainOverflow()
    if (this.#overflow.length === 0 && payload.length <= maxPartBytes) {
      if (this.#ring.push(ringTag(run, false), payload)) return true
    }
    const bound = maxOverflowBytes[payload[0] ?? 0] ?? Number.POSITIVE_INFINITY
    if (this.#overflowBytes + payload.length > bound) return false
    for (let from = 0; from < payload.length; from += maxPartBytes) {
      const part = payload.slice(from, from + maxPartBytes)
      this.#overflow.push({ tag: ringTag(run, from + maxPartBytes < payload.length), part })
      this.#overflowBytes += part.length
    }
    this.#drainOverflow()
    if (this.#overflow.length > 0) this.#retryLater()
    return true
  }

  /** Waits, blocking, until all that was sent is written; false when that took longer than `timeoutMs`. */
  flush(timeoutMs: number): boolean {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      this.#drainOverflow()
      const left = deadline - performance.now()
      if (this.#isDead || left <= 0) return false
      const isEmpty = this.#overflow.length === 0
      if (!this.#ring.awaitFlush(this.#ring.askFlush(), left)) return false
      if (isEmpty) return true
    }
  }

  /** Hears what the thread has said by now, and hands on what waits for it, also while the event loop does not turn. */
  poll(): void {
    if (this.#overflow.length > 0) this.#drainOverflow()
    for (;;) {
      const received = receiveMessageOnPort(this.#port)
      if (received === undefined) return
      this.#hear(received.message)
    }
  }

  #hear(message: unknown): void {
    const event = writerEventSchema.safeParse(message)
    if (event.success) this.#listeners.get(event.data.run)?.(event.data)
  }

  #drainOverflow(): void {
    let sent = 0
    for (const { tag, part } of this.#overflow) {
      if (!this.#ring.push(tag, part)) break
      this.#overflowBytes -= part.length
      sent++
    }
    if (sent > 0) this.#overflow = this.#overflow.slice(sent)
  }

  #retryLater(): void {
    if (this.#isRetrying || this.#isDead) return
    this.#isRetrying = true
    setTimeout(() => {
      this.#isRetrying = false
      this.#drainOverflow()
      if (this.#overflow.length > 0) this.#retryLater()
    }, retryMs).unref()
  }
}
