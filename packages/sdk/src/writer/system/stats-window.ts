import type { SystemSample } from './sample.ts'

/** Gathers samples of the machine over windows of equal length: what each window publishes. */
export class StatsWindow {
  readonly #windowMs: number
  #endsAt: number
  #sums = new Map<string, { sum: number; count: number }>()
  #latest = new Map<string, number>()
  #counters = new Map<string, number>()
  readonly #base = new Map<string, number>()

  /** The first window begins `now`, in milliseconds of any clock that only rises. */
  constructor(windowMs: number, now: number) {
    this.#windowMs = windowMs
    this.#endsAt = now + windowMs
  }

  /** Adds a sample, or a part of one that came later than the rest, to the window that is open. */
  add({ means, latest, counters }: SystemSample): void {
    for (const [name, value] of means) {
      const { sum, count } = this.#sums.get(name) ?? { sum: 0, count: 0 }
      this.#sums.set(name, { sum: sum + value, count: count + 1 })
    }
    for (const [name, value] of latest) this.#latest.set(name, value)
    for (const [name, value] of counters) {
      if (!this.#base.has(name)) this.#base.set(name, value)
      this.#counters.set(name, value - (this.#base.get(name) ?? 0))
    }
  }

  /** The values of the window when it is over; undefined while it is not. The next one begins where it ended. */
  due(now: number): Map<string, number> | undefined {
    if (now < this.#endsAt) return undefined
    // Windows that passed while nobody looked, such as when the machine slept, are not made up for.
    const passed = Math.floor((now - this.#endsAt) / this.#windowMs)
    this.#endsAt += (passed + 1) * this.#windowMs
    return this.close()
  }

  /** Means, latest values and counts since the first sample of the window so far; empty when nothing was added. */
  close(): Map<string, number> {
    const values = new Map<string, number>()
    for (const [name, { sum, count }] of this.#sums) values.set(name, sum / count)
    for (const [name, value] of this.#latest) values.set(name, value)
    for (const [name, value] of this.#counters) values.set(name, value)
    this.#sums = new Map()
    this.#latest = new Map()
    this.#counters = new Map()
    return values
  }
}
