import { KirokuError } from '@kiroku/core/errors'
import { maxTableColumns, maxTableRows } from '@kiroku/core/media'
import { cleanText, isRecord } from '@kiroku/core/values'
import { Media } from './media.ts'

/** A table as columns and rows; each row has a cell a column. */
export type TableInput = { columns: readonly string[]; rows: readonly (readonly unknown[])[] }

/** Rows under named columns. A cell may hold anything that a row of `log()` may. */
export class Table extends Media {
  readonly columns: readonly string[]
  /** 10 000 of them at most. */
  readonly rows: readonly (readonly unknown[])[]
  /** Rows beyond those, which are not recorded. */
  readonly cutRows: number

  /**
   * From columns and rows, or from records, whose keys become the columns. Throws `KirokuError` BAD_REQUEST for more than
   * 1000 columns, and for a row that has not one cell a column.
   */
  constructor(input: TableInput | readonly Readonly<Record<string, unknown>>[]) {
    super()
    const { columns, rows } = isRecords(input) ? fromRecords(input) : checkedTable(input)
    if (columns.length > maxTableColumns) throw mistake(`${columns.length} columns are more than ${maxTableColumns}`)
    this.columns = columns.map((name) => cleanText(String(name)))
    this.rows = rows.slice(0, maxTableRows)
    this.cutRows = rows.length - this.rows.length
  }
}

const mistake = (why: string): KirokuError => new KirokuError({ code: 'BAD_REQUEST', message: `table: ${why}` })

function isRecords(input: unknown): input is readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(input)
}

function checkedTable(input: TableInput): TableInput {
  if (!isRecord(input) || !Array.isArray(input.columns) || !Array.isArray(input.rows))
    throw mistake('pass { columns, rows }, or a list of records')
  const { columns, rows } = input
  rows.forEach((row, index) => {
    if (!Array.isArray(row)) throw mistake(`row ${index} is not a list`)
    if (row.length !== columns.length)
      throw mistake(`row ${index} has ${row.length} cells, there are ${columns.length} columns`)
  })
  return { columns, rows: rows.map((row) => [...row]) }
}

function fromRecords(records: readonly Readonly<Record<string, unknown>>[]): TableInput {
  const columns = new Set<string>()
  records.forEach((record, index) => {
    if (typeof record !== 'object' || record === null) throw mistake(`row ${index} is not a record`)
    for (const name of Object.keys(record)) columns.add(name)
  })
  const names = [...columns]
  return { columns: names, rows: records.map((record) => names.map((name) => record[name] ?? null)) }
}
