import type { ConsoleLine } from '@kiroku/core/history'

/** Tells which of a log's lines are new to a run that has the first ones of each stream already. */
export class NewLines {
  readonly #known: Record<ConsoleLine['stream'], number>
  readonly #old = new Set<number>()

  constructor(known: Readonly<Record<ConsoleLine['stream'], number>> = { stdout: 0, stderr: 0 }) {
    this.#known = { ...known }
  }

  /** Whether a line is new. Lines come in the order in which they were begun, and again where they change. */
  has({ stream, line }: Pick<ConsoleLine, 'stream' | 'line'>): boolean {
    if (this.#old.has(line)) return false
    if (this.#known[stream] === 0) return true
    this.#known[stream]--
    this.#old.add(line)
    return false
  }
}
