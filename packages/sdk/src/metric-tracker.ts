import type { MetricTotals } from '@kiroku/core/summary'

const maxSamples = 96

/** What the script's own side remembers of a metric: its totals, and a thinned course of it for the end's sparkline. */
export class MetricTracker {
  #count = 0
  #finiteCount = 0
  #nanCount = 0
  #first = Number.NaN
  #last = Number.NaN
  #min = Number.POSITIVE_INFINITY
  #max = Number.NEGATIVE_INFINITY
  #sum = 0
  #lastStep = -1
  #samples: number[] = []
  #seen = 0
  #stride = 1

  /** Begins with nothing, or goes on from totals that are known; what is remembered of the course is this script's own. */
  constructor(before?: MetricTotals) {
    if (before === undefined) return
    this.#count = before.count
    this.#finiteCount = before.finiteCount
    this.#nanCount = before.nanCount
    this.#first = before.first ?? Number.NaN
    this.#last = before.last ?? Number.NaN
    this.#min = before.min ?? Number.POSITIVE_INFINITY
    this.#max = before.max ?? Number.NEGATIVE_INFINITY
    this.#sum = before.sum
    this.#lastStep = before.lastStep
  }

  /** Adds the next value. */
  add(value: number): void {
    if (this.#count === 0) this.#first = value
    if (this.#seen++ % this.#stride === 0) this.#sample(value)
    this.#count++
    this.#last = value
    if (Number.isNaN(value)) {
      this.#nanCount++
      return
    }
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
    this.#sum += value
    if (Number.isFinite(value)) this.#finiteCount++
  }

  /** Up to 97 values in their order, evenly spread over the course, the latest last. */
  get course(): number[] {
    const isLastIn = (this.#seen - 1) % this.#stride === 0
    return isLastIn || this.#seen === 0 ? [...this.#samples] : [...this.#samples, this.#last]
  }

  /** The totals as the shared summary rules take them. */
  get totals(): MetricTotals {
    const hasNumber = this.#count > this.#nanCount
    const hasValue = this.#count > 0
    return {
      count: this.#count,
      finiteCount: this.#finiteCount,
      nanCount: this.#nanCount,
      first: hasValue ? this.#first : null,
      last: hasValue ? this.#last : null,
      min: hasNumber ? this.#min : null,
      max: hasNumber ? this.#max : null,
      sum: this.#sum,
      lastStep: this.#lastStep,
    }
  }

  #sample(value: number): void {
    this.#samples.push(value)
    if (this.#samples.length <= maxSamples) return
    this.#samples = this.#samples.filter((_, index) => index % 2 === 0)
    this.#stride *= 2
  }
}
