import type { WriterChannel } from './channel.ts'
import { shortBytes, tell } from './messages.ts'
import type { Send } from './row-recorder.ts'
import type { WriterEvent } from './writer/protocol.ts'

const progressMs = 5_000
const checkMs = 50

/** What the server said about a run. */
export type RunFacts = { name?: string; url?: string }

/** A run's way out of the script: to the writer thread, or nowhere. */
export type RunLink = {
  send: Send
  directory: string | undefined
  /** Tells the user something, unless silenced. */
  tell: (text: string) => void
  facts: () => RunFacts
  /** The last record was sent: tells how the run went. */
  end: (table: readonly string[]) => void
  /** Waits until everything is where it belongs, or nothing moved for `timeoutMs`. */
  settle: (timeoutMs?: number) => Promise<void>
}

/** A link to nowhere, of a disabled run. */
export const noLink: RunLink = {
  send: () => true,
  directory: undefined,
  tell: () => {},
  facts: () => ({}),
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
  finishTimeoutMs: number
  /** The run's last record was sent. */
  onEnded: () => void
  /** Nobody needs to wait for the run any more. */
  onSettled: () => void
}

/** A link to the writer thread. `open` is the message that opens the run there. */
export class WriterLink implements RunLink {
  readonly directory: string
  readonly #options: WriterLinkOptions
  readonly #run: number
  #facts: RunFacts = {}
  #lastProgressAt = performance.now()
  #acknowledged = { bytes: 0, total: 0 }
  #isStored = false
  #isSettled = false
  #isWaiting = false

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

  readonly end = (table: readonly string[]): void => {
    this.#options.onEnded()
    if (this.#options.isSilent || this.#options.isQuiet) return
    const { name, url } = this.facts()
    const where = url === undefined ? [] : ['', `run ${name}: ${url}`]
    tell([...table, ...where, `local data: ${this.directory}`])
  }

  readonly settle = async (timeoutMs: number = this.#options.finishTimeoutMs): Promise<void> => {
    this.#lastProgressAt = performance.now()
    let toldAt = performance.now()
    while (!this.#isDone()) {
      await new Promise((resolve) => setTimeout(resolve, checkMs))
      const now = performance.now()
      if (now - this.#lastProgressAt > timeoutMs) {
        this.tell(this.#whyUnsettled(timeoutMs))
        break
      }
      if (now - toldAt > progressMs) {
        toldAt = now
        const { bytes, total } = this.#acknowledged
        if (!this.#options.isQuiet)
          this.tell(
            `sending: ${shortBytes(bytes)} of ${shortBytes(total)}${this.#isWaiting ? ', waiting for the server' : ''}`,
          )
      }
    }
    this.#options.onSettled()
  }

  #whyUnsettled(timeoutMs: number): string {
    const seconds = timeoutMs / 1000
    if (!this.#isStored) return `the end of the run could not be written to ${this.directory} for ${seconds} s`
    return `the server took nothing for ${seconds} s; the run is kept in ${this.directory} and is still being sent`
  }

  #isDone(): boolean {
    return this.#options.channel.isDead || this.#isSettled || (this.#isStored && !this.#options.isOnline)
  }

  #hear(event: WriterEvent): void {
    switch (event.type) {
      case 'created':
        this.#facts = { name: event.result.displayName, url: event.url }
        this.#lastProgressAt = performance.now()
        break
      case 'acknowledged':
        this.#acknowledged = event
        this.#lastProgressAt = performance.now()
        this.#isWaiting = false
        break
      case 'waiting':
        this.#isWaiting = true
        break
      case 'connected':
        this.#isWaiting = false
        this.#isSettled = false
        break
      case 'stored':
        this.#isStored = true
        break
      case 'refused':
      case 'done':
        this.#isSettled = true
    }
  }
}
