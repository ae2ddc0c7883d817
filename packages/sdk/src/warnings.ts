const quietMs = 10_000

/** Warnings by topic: the first is told at once, those that follow are counted and told every ten seconds at most. */
export class Warnings {
  readonly #tell: (text: string) => void
  readonly #told = new Set<string>()
  readonly #topics = new Map<string, { toldAt: number; untold: number; text: string }>()

  constructor(tell: (text: string) => void) {
    this.#tell = tell
  }

  /** Tells a warning, or counts it. */
  warn(topic: string, text: string, now: number = Date.now()): void {
    const known = this.#topics.get(topic)
    if (known !== undefined && now - known.toldAt < quietMs) {
      known.untold++
      known.text = text
      return
    }
    this.#tell(known !== undefined && known.untold > 0 ? `${text} (and ${known.untold} more of the kind)` : text)
    this.#topics.set(topic, { toldAt: now, untold: 0, text })
  }

  /** Tells a warning the first time only. */
  once(topic: string, text: string): void {
    if (this.#told.has(topic)) return
    this.#told.add(topic)
    this.#tell(text)
  }

  /** Tells what was counted and not told. */
  close(): void {
    for (const { untold, text } of this.#topics.values()) {
      if (untold > 0) this.#tell(`${text} (${untold} more of the kind)`)
    }
    this.#topics.clear()
  }
}
