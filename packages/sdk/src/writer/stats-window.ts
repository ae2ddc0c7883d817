import type { SystemSample } from './system-metrics.ts'

/** Gathers samples of the machine over a window: means of gauges, the last value of counters since the first sample. */
export class StatsWindow {
  readonly #windowMs: number
  #openedAt: number
  #sums = new Map<string, { sum: number; count: number }>()
  #counters = new Map<string, number>()
  readonly #base = new Map<string, number>()

  constructor(windowMs: number, now: number) {
    this.#windowMs = windowMs
    this.#openedAt = now
  }

  /** Adds a sample. Answers the window's values when it is over. */
  add({ gauges, counters }: SystemSample, now: number): Map<string, number> | undefined {
    for (const [name, value] of gauges) {
      const { sum, count } = this.#sums.get(name) ?? { sum: 0, count: 0 }
      this.#sums.set(name, { sum: sum + value, count: count + 1 })
    }
    for (const [name, value] of counters) {
      if (!this.#base.has(name)) this.#base.set(name, value)
      this.#counters.set(name, value - (this.#base.get(name) ?? 0))
    }
    return now - this.#openedAt >= this.#windowMs ? this.close(now) : undefined
  }

  /** The values of the window so far, which ends here; empty when nothing was added. */
  close(now: number): Map<string, number> {
    const values = new Map<string, number>()
    for (const [name, { sum, count }] of this.#sums) values.set(name, sum / count)
    for (const [name, value] of this.#counters) values.set(name, value)
    this.#sums = new Map()
    this.#counters = new Map()
    this.#openedAt = now
    return values
  }
}
