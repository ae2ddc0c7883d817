import { rmSync } from 'node:fs'
import type { ErrorCode } from '@kiroku/core/errors'
import type { CreateRunResult } from '@kiroku/core/runs'
import type { WriterChannel } from './channel.ts'
import { shortBytes, tell } from './messages.ts'
import type { Send } from './row-recorder.ts'
import { listeningKind, type WriterEvent } from './writer/protocol.ts'

const progressMs = 5_000
const checkMs = 50
const answerCheckMs = 2
const abandonMs = 2_000
const listening = Uint8Array.of(listeningKind)

/** What the server said about a run. */
export type RunFacts = { name?: string; url?: string; isResumed?: boolean }

/** What is known of the server's word on a run: all of it, its refusal, that it does not answer, or nothing in time. */
export type ServerAnswer =
  | { kind: 'known'; result: CreateRunResult }
  | { kind: 'refused'; code: ErrorCode | null; why: string }
  | { kind: 'away' | 'late' }

/** A run's way out of the script: to the writer thread, or nowhere. */
export type RunLink = {
  send: Send
  directory: string | undefined
  /** Tells the user something, unless silenced. */
  tell: (text: string) => void
  facts: () => RunFacts
  /** Aborted once somebody asks that the run stops, which then does not interrupt the script. Looks for news. */
  signal: () => AbortSignal
  /** True once the script has heard that it is to stop. */
  isStopAsked: () => boolean
  /** The last record was sent: tells how the run went. */
  end: (table: readonly string[], exitCode: number) => void
  /** Waits until everything is where it belongs, or nothing moved for `timeoutMs`. */
  settle: (timeoutMs?: number) => Promise<void>
}

/** A link to nowhere, of a disabled run. */
export const noLink: RunLink = {
  send: () => true,
  directory: undefined,
  tell: () => {},
  facts: () => ({}),
  signal: () => new AbortController().signal,
  isStopAsked: () => false,
  end: () => {},
  settle: () => Promise.resolve(),
}

export type WriterLinkOptions = {
  channel: WriterChannel
  directory: string
  /** False: the run stays on this disk. */
  isOnline: boolean
  isQuiet: boolean
  isSilent: boolean
  /** Several processes are meant to write to the run. */
  isShared: boolean
  finishTimeoutMs: number
  /** The run's last record was sent. */
  onEnded: (exitCode: number) => void
  /** Nobody needs to wait for the run any more. */
  onSettled: () => void
}

/** A link to the writer thread. `open` is the message that opens the run there. */
export class WriterLink implements RunLink {
  readonly directory: string
  readonly #options: WriterLinkOptions
  readonly #run: number
  #facts: RunFacts = {}
  #answer: ServerAnswer | undefined
  #hasToldOthers = false
  #lastProgressAt = performance.now()
  #acknowledged = { bytes: 0, total: 0 }
  #isStored = false
  #isSettled = false
  #isWaiting = false
  #hasEnded = false
  readonly #stop = new AbortController()
  #isSignalTaken = false

  constructor(options: WriterLinkOptions) {
    this.#options = options
    this.directory = options.directory
    this.#run = options.channel.register((event) => this.#hear(event))
  }

  /** Hands a record over. */
  readonly send: Send = (payload) => this.#options.channel.send(this.#run, payload)

  readonly tell = (text: string): void => {
    if (!this.#options.isSilent) tell([text])
  }

  readonly facts = (): RunFacts => {
    if (this.#facts.url === undefined) this.#options.channel.poll()
    return this.#facts
  }

  readonly signal = (): AbortSignal => {
    if (!this.#isSignalTaken) this.send(listening)
    this.#isSignalTaken = true
    this.#options.channel.poll()
    return this.#stop.signal
  }

  readonly isStopAsked = (): boolean => this.#stop.signal.aborted

  /**
   * Waits for the server's word, `timeoutMs` at most, without a turn of the event loop: `init()` answers at once to whoever calls
   * it, and what it answers knows where the run goes on.
   */
  awaitAnswer(timeoutMs: number): ServerAnswer {
    const deadline = performance.now() + timeoutMs
    const pause = new Int32Array(new SharedArrayBuffer(4))
    for (;;) {
      this.#options.channel.poll()
      if (this.#answer !== undefined) return this.#answer
      if (this.#isWaiting) return { kind: 'away' }
      const left = deadline - performance.now()
      if (left <= 0) return { kind: 'late' }
      Atomics.wait(pause, 0, 0, Math.min(left, answerCheckMs))
    }
  }

  /** Removes all trace of a run that does not begin, after its last record was sent. */
  abandon(): void {
    this.#options.channel.flush(abandonMs)
    this.#options.channel.forget(this.#run)
    try {
      rmSync(this.directory, { recursive: true, force: true })
    } catch {
      // What is left of it is a log that no server takes.
    }
  }

  readonly end = (table: readonly string[], exitCode: number): void => {
    this.#hasEnded = true
    this.#options.onEnded(exitCode)
    if (this.#options.isSilent || this.#options.isQuiet) return
    const { name, url } = this.facts()
    const where = url === undefined ? [] : ['', `run ${name}: ${url}`]
    const local = this.#options.isOnline
      ? `local data: ${this.directory}`
      : `\`kiroku sync ${this.directory}\` sends the run to a server`
    tell([...table, ...where, local])
  }

  readonly settle = async (timeoutMs: number = this.#options.finishTimeoutMs): Promise<void> => {
    this.#lastProgressAt = performance.now()
    let toldAt = performance.now()
    let told = ''
    while (!this.#isDone()) {
      await new Promise((resolve) => setTimeout(resolve, checkMs))
      const now = performance.now()
      if (now - this.#lastProgressAt > timeoutMs) {
        this.tell(this.#whyUnsettled(timeoutMs))
        break
      }
      if (now - toldAt > progressMs) {
        toldAt = now
        const text = this.#progress(timeoutMs)
        if (!this.#options.isQuiet && text !== told) this.tell(text)
        told = text
      }
    }
    this.#options.onSettled()
  }

  #progress(timeoutMs: number): string {
    const { bytes, total } = this.#acknowledged
    if (!this.#isWaiting && total > 0) return `sending: ${shortBytes(bytes)} of ${shortBytes(total)}`
    return `waiting for the server, ${timeoutMs / 1000} s at most; the rest is sent later`
  }

  #whyUnsettled(timeoutMs: number): string {
    const seconds = timeoutMs / 1000
    if (!this.#isStored) return `the end of the run could not be written to ${this.directory} for ${seconds} s`
    return `the server took nothing for ${seconds} s; the run is kept in ${this.directory} and is still being sent`
  }

  #seeOthers(count: number): void {
    if (count === 0 || this.#options.isShared || this.#hasToldOthers) return
    this.#hasToldOthers = true
    const others = count === 1 ? 'another script is' : `${count} other scripts are`
    this.tell(
      `${others} writing to this run too: of two values at one step the later stands (\`shared: true\` in all of them keeps both)`,
    )
  }

  #stopRun(): void {
    if (this.#hasEnded || this.#stop.signal.aborted) return
    const why = 'somebody asked the run to stop'
    this.tell(this.#isSignalTaken ? why : `${why}; the script is interrupted`)
    if (!this.#isSignalTaken) this.send(listening)
    this.#stop.abort(new DOMException(why, 'AbortError'))
    if (!this.#isSignalTaken) process.kill(process.pid, 'SIGINT')
  }

  #isDone(): boolean {
    return this.#options.channel.isDead || this.#isSettled || (this.#isStored && !this.#options.isOnline)
  }

  #hear(event: WriterEvent): void {
    switch (event.type) {
      case 'created':
        this.#facts = { name: event.result.displayName, url: event.url, isResumed: event.result.isResumed }
        this.#answer = { kind: 'known', result: event.result }
        this.#seeOthers(event.result.otherWriters)
        this.#lastProgressAt = performance.now()
        break
      case 'acknowledged':
        this.#acknowledged = event
        this.#seeOthers(event.otherWriters)
        this.#lastProgressAt = performance.now()
        this.#isWaiting = false
        break
      case 'waiting':
        this.#isWaiting = true
        break
      case 'stopAsked':
        this.#stopRun()
        break
      case 'connected':
        this.#isWaiting = false
        this.#isSettled = false
        break
      case 'stored':
        this.#isStored = true
        if (!this.#options.isOnline) this.#options.channel.forget(this.#run)
        break
      case 'refused':
        this.#answer = { kind: 'refused', code: event.code, why: event.why }
        this.#isSettled = true
        break
      case 'done':
        this.#isSettled = true
        // Nothing more is heard of it, and a script may have thousands of runs.
        this.#options.channel.forget(this.#run)
    }
  }
}
