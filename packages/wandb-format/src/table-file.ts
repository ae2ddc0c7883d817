import { maxTableColumns, maxTableRows, type TableContent } from '@kiroku/core/media'
import { cleanText, type WireValue } from '@kiroku/core/values'
import { type ExtendedValue, parseExtendedRecord } from './extended-json.ts'
import { toWireValue } from './wire.ts'

/** A table's file as Kiroku keeps it. `isSame`: the file as it came holds the very same, so that it needs no copy. */
export type TableFile = { content: TableContent; cutRows: number; cutColumns: number; isSame: boolean }

/**
 * Reads a `*.table.json` of the wandb client: names of columns as text, cells in wire form, and no more rows and columns than
 * a table may have. Throws `KirokuError` BAD_REQUEST when the text is no such file.
 */
export function readTableFile(text: string): TableFile {
  const record = parseExtendedRecord(text)
  const names = listOf(record['columns'])
  const rows = listOf(record['data'])
  const columns = names.slice(0, maxTableColumns).map((name) => cleanText(typeof name === 'string' ? name : told(name)))
  const data = rows.slice(0, maxTableRows).map((row) => listOf(row).slice(0, maxTableColumns).map(toWireValue))
  const content = { columns, data }
  const cutRows = rows.length - data.length
  const cutColumns = names.length - columns.length
  const isSame = cutRows === 0 && cutColumns === 0 && isSameText(content, { columns: names, data: rows })
  return { content, cutRows, cutColumns, isSame }
}

const listOf = (value: ExtendedValue | undefined): ExtendedValue[] => (Array.isArray(value) ? value : [])

const told = (value: ExtendedValue): string =>
  typeof value === 'object' ? JSON.stringify(toWireValue(value)) : String(value)

/** Numbers that JSON has no form for would be null in the text, so that they never compare as the same. */
function isSameText(content: { columns: string[]; data: WireValue[][] }, came: ExtendedValue): boolean {
  const asItCame = JSON.stringify(came, (_key, value: unknown) => {
    const isNoJson = typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))
    return isNoJson ? { changed: String(value) } : value
  })
  return JSON.stringify(content) === asItCame
}
