/** Sleeps that a call can end early. */
export class Wakeable {
  readonly #sleepers = new Set<() => void>()

  /** Resolves after `ms`, or at the next `wake` unless `deaf`. */
  sleep(ms: number, { deaf = false }: { deaf?: boolean } = {}): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#sleepers.delete(done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      if (!deaf) this.#sleepers.add(done)
    })
  }

  /** Ends all sleeps that are not deaf. */
  wake(): void {
    for (const done of [...this.#sleepers]) done()
  }
}
