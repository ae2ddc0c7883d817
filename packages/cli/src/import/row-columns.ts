import type { RowBlock } from '@kiroku/core/history'

/** Gathers points as they come and gives them as a block of columns. Points with the same number are one row. */
export class RowColumns {
  #seqs = new Float64Array(0)
  #steps = new Float64Array(0)
  #times = new Float64Array(0)
  /** The row, value and metric of each point. */
  #rows = new Uint32Array(0)
  #values = new Float64Array(0)
  #metrics = new Uint32Array(0)
  readonly #ids = new Map<string, number>()
  #rowCount = 0
  #length = 0

  /** How many points there are. */
  get length(): number {
    return this.#length
  }

  /** Adds a point. `time` is unix milliseconds; `seq` rises, or stays for another metric of the same row. */
  add(metric: string, seq: number, step: number, time: number, value: number): void {
    if (this.#length === this.#values.length) this.#makeRoom()
    if (this.#rowCount === 0 || this.#seqs[this.#rowCount - 1] !== seq) {
      this.#seqs[this.#rowCount] = seq
      this.#steps[this.#rowCount] = step
      this.#times[this.#rowCount] = time
      this.#rowCount++
    }
    const at = this.#length++
    this.#rows[at] = this.#rowCount - 1
    this.#values[at] = value
    let id = this.#ids.get(metric)
    if (id === undefined) {
      id = this.#ids.size
      this.#ids.set(metric, id)
    }
    this.#metrics[at] = id
  }

  #makeRoom(): void {
    const capacity = Math.max(1024, this.#values.length * 2)
    this.#seqs = grown(this.#seqs, new Float64Array(capacity))
    this.#steps = grown(this.#steps, new Float64Array(capacity))
    this.#times = grown(this.#times, new Float64Array(capacity))
    this.#rows = grown(this.#rows, new Uint32Array(capacity))
    this.#values = grown(this.#values, new Float64Array(capacity))
    this.#metrics = grown(this.#metrics, new Uint32Array(capacity))
  }

  /** All that was added, which is forgotten. */
  take(): RowBlock {
    const length = this.#length
    const rowCount = this.#rowCount
    const counts = new Uint32Array(this.#ids.size)
    for (let point = 0; point < length; point++) {
      const id = this.#metrics[point] ?? 0
      counts[id] = (counts[id] ?? 0) + 1
    }
    const columns = [...counts].map((count) => ({ rows: new Uint32Array(count), values: new Float64Array(count) }))
    counts.fill(0)
    for (let point = 0; point < length; point++) {
      const id = this.#metrics[point] ?? 0
      const column = columns[id]
      const at = counts[id] ?? 0
      counts[id] = at + 1
      if (!column) continue
      column.rows[at] = this.#rows[point] ?? 0
      column.values[at] = this.#values[point] ?? Number.NaN
    }
    const block = {
      seqs: this.#seqs.slice(0, rowCount),
      steps: this.#steps.slice(0, rowCount),
      times: this.#times.slice(0, rowCount),
      metrics: [...this.#ids.keys()].map((name, id) => {
        const { rows, values } = columns[id] ?? { rows: new Uint32Array(0), values: new Float64Array(0) }
        return { name, rows: rows.length === rowCount ? null : rows, values }
      }),
    }
    this.#ids.clear()
    this.#length = 0
    this.#rowCount = 0
    return block
  }
}

function grown<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
