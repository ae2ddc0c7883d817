import type { MetricInfo } from '@kiroku/core/queries'
import type { Run } from '@kiroku/core/runs'
import { useMemo, useRef } from 'react'
import { isFiltered, type View } from '../workspace/view.ts'
import { type Column, columnsAtFirst, factColumns, valueColumns, withColumns } from './columns.ts'

export type TableColumns = {
  /** Those that a run has which was loaded at any time, and the measured ones. */
  all: readonly Column[]
  /** The ids of those that are shown. */
  chosen: readonly string[]
}

/**
 * The columns of a table. Sorting and filtering load other runs: the columns that it chose as it opened stay nevertheless, and
 * the one that it is sorted by is among them.
 */
export function useColumns(
  list: { runs: readonly Run[]; isOld: boolean },
  view: View,
  measured: readonly Column[],
  metrics: readonly MetricInfo[],
): TableColumns {
  const known = useRef<readonly Column[]>([])
  const own = useRef<readonly string[]>([])
  const found = useMemo(() => valueColumns(list.runs), [list.runs])
  known.current = withColumns(known.current, found)
  const values = known.current
  const atFirst = useMemo(() => columnsAtFirst(list.runs, found, metrics), [list.runs, found, metrics])
  const isWhole = view.sort === null && !isFiltered(view) && !list.isOld
  if (list.runs.length > 0 && (isWhole || own.current.length === 0)) own.current = atFirst
  const held = own.current.length === 0 ? atFirst : own.current
  const sorted = view.sort?.column
  return {
    all: useMemo(() => [...factColumns, ...measured, ...values], [measured, values]),
    chosen: useMemo(
      () =>
        view.columns ?? (sorted === undefined || sorted === 'name' || held.includes(sorted) ? held : [...held, sorted]),
      [view.columns, held, sorted],
    ),
  }
}
