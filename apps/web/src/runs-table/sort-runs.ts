import type { RunOrder } from '@kiroku/core/run-filters'
import type { Run } from '@kiroku/core/runs'
import type { Value } from '@kiroku/core/values'
import { pathOfColumn } from '../filters/column-path.ts'
import type { Sort } from '../workspace/view.ts'
import { type CellValue, cellValue } from './columns.ts'

const collator = new Intl.Collator('en', { numeric: true })

const rankOf = (value: Value | undefined): number => {
  if (value === undefined || value === null) return 3
  if (typeof value === 'number') return Number.isNaN(value) ? 2 : 0
  return 1
}

/** Numbers before texts, then NaN, then nothing; the order of the first two follows `isDescending`, the others stay last. */
function compare(one: Value | undefined, other: Value | undefined, isDescending: boolean): number {
  const [rankOne, rankOther] = [rankOf(one), rankOf(other)]
  if (rankOne !== rankOther) return rankOne - rankOther
  if (rankOne > 1) return 0
  const sign = isDescending ? -1 : 1
  if (typeof one === 'number' && typeof other === 'number') return one === other ? 0 : sign * (one < other ? -1 : 1)
  return sign * collator.compare(String(one), String(other))
}

/** How the server is to sort for a table; empty for newest first, and for columns that are measured, which are sorted here. */
export function orderOf(sort: Sort | null): RunOrder[] {
  const path = sort === null ? null : pathOfColumn(sort.column)
  return sort === null || path === null ? [] : [{ path, direction: sort.isDescending ? 'desc' : 'asc' }]
}

/** The runs sorted, equal ones in the order they came; all in that order when `sort` is null. */
export function sortRuns(runs: readonly Run[], sort: Sort | null, cellOf: CellValue = cellValue): Run[] {
  if (sort === null) return [...runs]
  const { column, isDescending } = sort
  return runs.toSorted((one, other) => compare(cellOf(one, column), cellOf(other, column), isDescending))
}

/** What a click on a column's head sorts by: first one way, then the other, then as they came. Numbers fall at first. */
export function nextSort(sort: Sort | null, column: string, isNumeric: boolean): Sort | null {
  if (sort?.column !== column) return { column, isDescending: isNumeric }
  return sort.isDescending === isNumeric ? { column, isDescending: !isNumeric } : null
}

/** A row of the table: a run, or the head of a group of them. */
export type TableRow = { kind: 'run'; run: Run } | { kind: 'group'; group: string; count: number; isFolded: boolean }

/**
 * The rows of a table. When any run has a group the runs come group by group, each under its head, in the order of
 * their first run; runs without a group come last.
 */
export function rowsOf(runs: readonly Run[], folded: ReadonlySet<string>): TableRow[] {
  if (!runs.some((run) => run.group !== null)) return runs.map((run) => ({ kind: 'run', run }))
  const groups = new Map<string, Run[]>()
  for (const run of runs) {
    const members = groups.get(run.group ?? '')
    if (members === undefined) groups.set(run.group ?? '', [run])
    else members.push(run)
  }
  const named = [...groups].filter(([group]) => group !== '')
  const others = groups.get('') ?? []
  return [...named, ...(others.length > 0 ? [['', others] as const] : [])].flatMap(([group, members]): TableRow[] => {
    const isFolded = folded.has(group)
    return [
      { kind: 'group', group, count: members.length, isFolded },
      ...(isFolded ? [] : members.map((run): TableRow => ({ kind: 'run', run }))),
    ]
  })
}
