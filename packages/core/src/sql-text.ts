import type { SqlAnswer, SqlCell } from './sql.ts'
import { fromWire, toWire } from './values.ts'

/** A cell as text: nothing for null, `NaN` and `Infinity` as they are, arrays and objects as JSON. */
export function sqlCellText(cell: SqlCell): string {
  if (cell === null) return ''
  const value = fromWire(cell)
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  return typeof value === 'string' ? value : typeof value === 'boolean' ? String(value) : JSON.stringify(toWire(value))
}

/** An answer as CSV (RFC 4180): the names of the columns, then a line a row, each ended by CR and LF. */
export function sqlCsv({ columns, rows }: Pick<SqlAnswer, 'columns' | 'rows'>): string {
  const lines = [columns.map(({ name }) => name), ...rows.map((row) => row.map(sqlCellText))]
  return lines.map((cells) => `${cells.map(quotedCell).join(',')}\r\n`).join('')
}

const quotedCell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** Rows as objects, in wire form. Of columns with one name the second is `name_2`, and so on. */
export function sqlObjects({ columns, rows }: Pick<SqlAnswer, 'columns' | 'rows'>): Record<string, SqlCell>[] {
  const seen = new Map<string, number>()
  const names = columns.map(({ name }) => {
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? name : `${name}_${count}`
  })
  return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] ?? null])))
}

/** Whether the values of a column are numbers, by its ClickHouse type. */
export function isNumericType(type: string): boolean {
  return /^(?:LowCardinality\()?(?:Nullable\()?(?:U?Int|B?Float|Decimal)\d*/.test(type)
}

/** Where an offset (UTF-16 units) of a text is, from line 1 and column 1. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
