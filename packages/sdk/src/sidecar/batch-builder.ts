import {
  type ConsoleLine,
  emptyRowBlock,
  type HistoryBatch,
  type MetricColumn,
  type RowBlock,
  type RunUpdate,
} from '@kiroku/core/history'
import type { WireValue } from '@kiroku/core/values'

/** What a metric takes in a batch beside its name and its values. */
const columnBytes = 80

type Column = { name: string; rows: number[]; values: number[]; lastRow: number }

/** One stream's rows on their way into columns. */
class BlockBuilder {
  #seqs: number[] = []
  #steps: number[] = []
  #times: number[] = []
  #columns: (Column | undefined)[] = []
  #used: Column[] = []

  get rows(): number {
    return this.#seqs.length
  }

  startRow(seq: number, step: number, time: number): void {
    this.#seqs.push(seq)
    this.#steps.push(step)
    this.#times.push(time)
  }

  /** Sets a value of the current row; the later one stands. True for the first value of a metric. */
  set(key: number, name: string, value: number): boolean {
    const row = this.#seqs.length - 1
    let column = this.#columns[key]
    const isNew = column === undefined
    if (column === undefined) {
      column = { name, rows: [], values: [], lastRow: -1 }
      this.#columns[key] = column
      this.#used.push(column)
    }
    if (column.lastRow === row) {
      column.values[column.values.length - 1] = value
      return isNew
    }
    column.lastRow = row
    column.rows.push(row)
    column.values.push(value)
    return isNew
  }

  /** Gives the rows and starts over. */
  take(): RowBlock {
    if (this.#seqs.length === 0) return emptyRowBlock()
    const count = this.#seqs.length
    const metrics = this.#used.map(
      ({ name, rows, values }): MetricColumn => ({
        name,
        rows: rows.length === count ? null : Uint32Array.from(rows),
        values: Float64Array.from(values),
      }),
    )
    const block = {
      seqs: Float64Array.from(this.#seqs),
      steps: Float64Array.from(this.#steps),
      times: Float64Array.from(this.#times),
      metrics,
    }
    this.#seqs = []
    this.#steps = []
    this.#times = []
    this.#columns = []
    this.#used = []
    return block
  }
}

/** What a batch holds beside the run's address. */
export type BatchContent = Pick<HistoryBatch, 'texts' | 'updates' | 'console' | 'history' | 'system'>

/** Gathers numbered records into the columns of one batch. `bytes` is about how long it would be. */
export class BatchBuilder {
  readonly #history = new BlockBuilder()
  readonly #system = new BlockBuilder()
  #texts: HistoryBatch['texts'] = []
  #updates: RunUpdate[] = []
  #console: ConsoleLine[] = []
  bytes = 0

  /** Starts a row of a stream; `set` and `text` go to it. */
  startRow(isSystem: boolean, row: { seq: number; step: number; time: number }): void {
    const block = isSystem ? this.#system : this.#history
    block.startRow(row.seq, row.step, row.time)
    this.bytes += 24
  }

  /** Sets a number of the row that was started last in the stream. */
  set(isSystem: boolean, key: number, name: string, value: number): void {
    const block = isSystem ? this.#system : this.#history
    this.bytes += block.set(key, name, value) ? 12 + columnBytes + 3 * name.length : 12
  }

  /** Adds a value that is not a number. */
  text(point: { seq: number; step: number; time: number; metric: string; value: WireValue }, bytes: number): void {
    this.#texts.push(point)
    this.bytes += bytes + 64 + point.metric.length
  }

  /** Adds an update. */
  update(update: RunUpdate, bytes: number): void {
    this.#updates.push(update)
    this.bytes += bytes + 64
  }

  /** Adds a console line. */
  line(line: ConsoleLine): void {
    this.#console.push(line)
    this.bytes += line.text.length + 64
  }

  /** Gives what was gathered and starts over. */
  take(): BatchContent {
    const content = {
      texts: this.#texts,
      updates: this.#updates,
      console: this.#console,
      history: this.#history.take(),
      system: this.#system.take(),
    }
    this.#texts = []
    this.#updates = []
    this.#console = []
    this.bytes = 0
    return content
  }
}
