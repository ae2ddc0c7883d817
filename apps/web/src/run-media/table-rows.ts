import type { TableContent } from '@kiroku/core/media'
import { fromWire, type Value } from '@kiroku/core/values'

/** By which column of a table, and which way; null for the order in which it was logged. */
export type TableSort = { column: number; isDescending: boolean } | null

const collator = new Intl.Collator('en', { numeric: true })

const rankOf = (value: Value | undefined): number => {
  if (value === undefined || value === null) return 3
  if (typeof value === 'number') return Number.isNaN(value) ? 2 : 0
  return 1
}

/** A table's cells as values, in the order asked for: numbers before texts, then NaN, then nothing, whichever way. */
export function tableRows({ data }: Pick<TableContent, 'data'>, sort: TableSort): Value[][] {
  const rows = data.map((row) => row.map(fromWire))
  if (sort === null) return rows
  const sign = sort.isDescending ? -1 : 1
  return rows.toSorted((first, second) => {
    const [one, other] = [first[sort.column], second[sort.column]]
    const [rankOne, rankOther] = [rankOf(one), rankOf(other)]
    if (rankOne !== rankOther) return rankOne - rankOther
    if (rankOne > 1) return 0
    if (typeof one === 'number' && typeof other === 'number') return one === other ? 0 : sign * (one < other ? -1 : 1)
    return sign * collator.compare(String(one), String(other))
  })
}

/** The next order by a click on a column's head: rising, falling, as logged. */
export function nextTableSort(sort: TableSort, column: number): TableSort {
  if (sort?.column !== column) return { column, isDescending: false }
  return sort.isDescending ? null : { column, isDescending: true }
}
