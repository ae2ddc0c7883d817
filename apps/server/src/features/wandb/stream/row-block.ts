import type { MetricColumn, RowBlock } from '@kiroku/core/history'

/** A row that is numbered. `time` is unix milliseconds. */
export type NumberedRow = { seq: number; step: number; time: number; numbers: ReadonlyMap<string, number> }

/** Rows, in the order of their numbers, in columns. */
export function toRowBlock(rows: readonly NumberedRow[]): RowBlock {
  const columns = new Map<string, { rows: number[]; values: number[] }>()
  for (const [index, { numbers }] of rows.entries()) {
    for (const [name, value] of numbers) {
      const column = columns.get(name) ?? { rows: [], values: [] }
      column.rows.push(index)
      column.values.push(value)
      columns.set(name, column)
    }
  }
  return {
    seqs: Float64Array.from(rows, ({ seq }) => seq),
    steps: Float64Array.from(rows, ({ step }) => step),
    times: Float64Array.from(rows, ({ time }) => time),
    metrics: [...columns].map(([name, column]): MetricColumn => {
      const isDense = column.rows.length === rows.length
      return { name, rows: isDense ? null : new Uint32Array(column.rows), values: new Float64Array(column.values) }
    }),
  }
}
