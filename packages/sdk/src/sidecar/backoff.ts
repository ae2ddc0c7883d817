const firstMs = 500
const longestMs = 30_000

/** Waits between tries: from half a second, doubling up to half a minute, a quarter of each at random. */
export class Backoff {
  #tries = 0

  /** The next wait in milliseconds; a wait that the server asked for counts when it is longer. */
  next(askedMs = 0, random: number = Math.random()): number {
    const full = Math.min(longestMs, firstMs * 2 ** this.#tries++)
    return Math.max(askedMs, full * (0.75 + random / 4))
  }

  /** Begins with short waits again. */
  reset(): void {
    this.#tries = 0
  }
}
