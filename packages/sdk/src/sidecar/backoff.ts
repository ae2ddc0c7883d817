/** Waits between tries: from half a second, doubling up to half a minute, or as told; a quarter of each at random. */
export class Backoff {
  readonly #firstMs: number
  readonly #longestMs: number
  #tries = 0

  constructor({ firstMs = 500, longestMs = 30_000 }: { firstMs?: number; longestMs?: number } = {}) {
    this.#firstMs = firstMs
    this.#longestMs = longestMs
  }

  /** The next wait in milliseconds; a wait that the server asked for counts when it is longer. */
  next(askedMs = 0, random: number = Math.random()): number {
    const full = Math.min(this.#longestMs, this.#firstMs * 2 ** this.#tries++)
    return Math.max(askedMs, full * (0.75 + random / 4))
  }

  /** Begins with short waits again. */
  reset(): void {
    this.#tries = 0
  }
}
