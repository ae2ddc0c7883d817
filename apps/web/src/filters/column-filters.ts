import { type FilterValue, maxFilterText, type RunFilter } from '@kiroku/core/run-filters'
import { maxPathKeyLength } from '@kiroku/core/run-paths'
import { isStorableText } from '@kiroku/core/values'
import { pathOfColumn } from './column-path.ts'

/** What a column's value is asked for; `set` and `unset` whether there is one. */
export const columnTests = ['is', 'isNot', 'below', 'atMost', 'above', 'atLeast', 'contains', 'set', 'unset'] as const
export type ColumnTest = (typeof columnTests)[number]

/** One condition on a column of the runs table. `value` is as it was typed, and empty for `set` and `unset`. */
export type ColumnFilter = { column: string; test: ColumnTest; value: string }

const labels: Readonly<Record<ColumnTest, string>> = {
  is: '=',
  isNot: '≠',
  below: '<',
  atMost: '≤',
  above: '>',
  atLeast: '≥',
  contains: 'contains',
  set: 'is set',
  unset: 'is not set',
}

/** What a test is called. */
export const testLabel = (test: ColumnTest): string => labels[test]

/** Whether a test compares with a value. */
export const needsValue = (test: ColumnTest): boolean => test !== 'set' && test !== 'unset'

/** A condition in a few words. */
export function filterLabel({ column, test, value }: ColumnFilter): string {
  return `${column} ${testLabel(test)}${needsValue(test) ? ` ${value === '' ? '""' : value}` : ''}`
}

/** Condition as it stands in an address: `below:0.001:config.lr`, of whose value `%` and `:` are escaped. */
export function formatColumnFilter({ column, test, value }: ColumnFilter): string {
  return `${test}:${value.replaceAll('%', '%25').replaceAll(':', '%3A')}:${column}`
}

/** The inverse of `formatColumnFilter`; null for what it never writes. */
export function parseColumnFilter(text: string): ColumnFilter | null {
  const [, name, value = '', column = ''] = /^([a-zA-Z]+):([^:]*):(.+)$/s.exec(text) ?? []
  const test = columnTests.find((one) => one === name)
  if (test === undefined) return null
  const filter = { column, test, value: value.replaceAll('%3A', ':').replaceAll('%25', '%') }
  return conditionOf(filter) === null ? null : filter
}

function numberOf(text: string): FilterValue | null {
  const word = text.trim()
  if (word === 'NaN' || word === 'Infinity' || word === '-Infinity') return { $n: word }
  const number = Number(word)
  return word === '' || !Number.isFinite(number) ? null : number
}

/** A typed value may mean a number, true or false, or the text that it is. */
function meaningsOf(text: string): FilterValue[] {
  const number = numberOf(text)
  return [text, ...(number === null ? [] : [number]), ...(text === 'true' ? [true] : text === 'false' ? [false] : [])]
}

const ordered = { below: 'lt', atMost: 'lte', above: 'gt', atLeast: 'gte' } as const

/** A condition as the server takes it; null for one that says nothing. */
export function conditionOf({ column, test, value }: ColumnFilter): RunFilter | null {
  const path = pathOfColumn(column)
  if (path === null || column.length > maxPathKeyLength || value.length > maxFilterText) return null
  if (!isStorableText(column) || !isStorableText(value)) return null
  switch (test) {
    case 'set':
      return { op: 'ne', path, value: null }
    case 'unset':
      return { op: 'eq', path, value: null }
    case 'is':
      return { op: 'in', path, values: meaningsOf(value) }
    case 'isNot':
      return { op: 'notIn', path, values: meaningsOf(value) }
    case 'contains':
      return value === '' ? null : { op: 'contains', path, text: value }
    default: {
      const number = numberOf(value)
      if (number === null) return value === '' ? null : { op: ordered[test], path, value }
      if (typeof number === 'number') return { op: ordered[test], path, value: number }
      return null
    }
  }
}

/** All conditions as one filter; undefined for none. */
export function filterOfColumns(filters: readonly ColumnFilter[]): RunFilter | undefined {
  const conditions = filters.flatMap((filter) => conditionOf(filter) ?? [])
  return conditions.length === 0 ? undefined : { op: 'and', filters: conditions }
}

/** The conditions with one more, which is there once. */
export function withFilter(filters: readonly ColumnFilter[], filter: ColumnFilter): ColumnFilter[] {
  const said = formatColumnFilter(filter)
  return [...filters.filter((other) => formatColumnFilter(other) !== said), filter]
}
