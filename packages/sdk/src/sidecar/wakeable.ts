/** Sleeps that a call can end early. */
export class Wakeable {
  readonly #sleepers = new Set<() => void>()

  /** Resolves after `ms`, at the next `wake` unless `deaf`, or when `signal` is aborted. */
  sleep(
    ms: number,
    { deaf = false, signal }: { deaf?: boolean; signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#sleepers.delete(done)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      if (!deaf) this.#sleepers.add(done)
      if (signal?.aborted) done()
      else signal?.addEventListener('abort', done)
    })
  }

  /** Ends all sleeps that are not deaf. */
  wake(): void {
    for (const done of [...this.#sleepers]) done()
  }
}
