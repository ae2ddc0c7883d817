import type { RowBlock } from '@kiroku/core/history'

/** Gathers points as they come, one row each, up to a fixed number, and gives them as a block of columns. */
export class RowColumns {
  readonly #capacity: number
  #seqs = new Float64Array(0)
  #steps = new Float64Array(0)
  #times = new Float64Array(0)
  #values = new Float64Array(0)
  #metrics = new Uint32Array(0)
  readonly #ids = new Map<string, number>()
  #length = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Most streams have no points: room is made when there is one. */
  #makeRoom(): void {
    const capacity = this.#capacity
    this.#seqs = new Float64Array(capacity)
    this.#steps = new Float64Array(capacity)
    this.#times = new Float64Array(capacity)
    this.#values = new Float64Array(capacity)
    this.#metrics = new Uint32Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  /** Adds a point. `time` is unix milliseconds; `seq` rises. */
  add(metric: string, seq: number, step: number, time: number, value: number): void {
    if (this.#seqs.length === 0) this.#makeRoom()
    const at = this.#length++
    this.#seqs[at] = seq
    this.#steps[at] = step
    this.#times[at] = time
    this.#values[at] = value
    let id = this.#ids.get(metric)
    if (id === undefined) {
      id = this.#ids.size
      this.#ids.set(metric, id)
    }
    this.#metrics[at] = id
  }

  /** All that was added, which is forgotten. */
  take(): RowBlock {
    const length = this.#length
    const counts = new Uint32Array(this.#ids.size)
    for (let row = 0; row < length; row++) {
      const id = this.#metrics[row] ?? 0
      counts[id] = (counts[id] ?? 0) + 1
    }
    const columns = [...counts].map((count) => ({ rows: new Uint32Array(count), values: new Float64Array(count) }))
    counts.fill(0)
    for (let row = 0; row < length; row++) {
      const id = this.#metrics[row] ?? 0
      const column = columns[id]
      const at = counts[id] ?? 0
      counts[id] = at + 1
      if (!column) continue
      column.rows[at] = row
      column.values[at] = this.#values[row] ?? Number.NaN
    }
    const block = {
      seqs: this.#seqs.slice(0, length),
      steps: this.#steps.slice(0, length),
      times: this.#times.slice(0, length),
      metrics: [...this.#ids.keys()].map((name, id) => ({
        name,
        rows: columns.length === 1 ? null : (columns[id]?.rows ?? new Uint32Array(0)),
        values: columns[id]?.values ?? new Float64Array(0),
      })),
    }
    this.#ids.clear()
    this.#length = 0
    return block
  }
}
