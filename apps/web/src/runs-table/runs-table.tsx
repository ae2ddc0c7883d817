'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import { sortRunsBy } from '@kiroku/core/run-filter-rules'
import { isLiveState } from '@kiroku/core/runs'
import { X } from 'lucide-react'
import { type ReactNode, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { describeError, isNotFound } from '../api/trpc.ts'
import { useMeasures } from '../api/use-measures.ts'
import { useMetrics, useRuns } from '../api/use-runs.ts'
import { keepRunColors, keptRunColor } from '../colors/run-colors.ts'
import { filterOfColumns, withFilter } from '../filters/column-filters.ts'
import { FilterChips } from '../filters/filter-chips.tsx'
import { FilterMenu } from '../filters/filter-menu.tsx'
import { formatCount } from '../format/numbers.ts'
import { useHotkeys } from '../frame/hotkeys.ts'
import { FirstRun } from '../projects/first-run.tsx'
import { Button, classes } from '../ui/button.tsx'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import { RunFilter } from '../ui/run-filter.tsx'
import { VirtualRows } from '../ui/virtual-rows.tsx'
import { defaultDrawn, isFiltered, toggle } from '../workspace/view.ts'
import { useView } from '../workspace/view-context.tsx'
import { ColumnHead, ColumnPicker } from './column-heads.tsx'
import { type CellValue, type Column, cellValue } from './columns.ts'
import { measureColumns, measureId } from './measure-columns.ts'
import { MeasureMenu } from './measure-menu.tsx'
import { RunTableRow } from './run-table-row.tsx'
import styles from './runs-table.module.css'
import { nextSort, orderOf, rowsOf, sortRuns } from './sort-runs.ts'
import { useColumns } from './use-columns.ts'
import { useDeleteRun } from './use-delete-run.ts'

const pageSize = 200
const rowHeight = 33

/** All runs of a project, with their config and summary in columns. */
export function RunsTable({ path }: { path: ProjectPath }): ReactNode {
  const { view, change } = useView()
  const search = useDeferredValue(view.search)
  const order = useMemo(() => orderOf(view.sort), [view.sort])
  const list = useRuns(path, {
    search,
    states: [...view.states],
    tags: [...view.tags],
    filter: filterOfColumns(view.filters),
    order,
    limit: pageSize,
  })
  const { metrics } = useMetrics(
    path,
    useMemo(() => list.runs.slice(0, 50).map((run) => run.slug), [list.runs]),
  )
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null)
  const filter = useRef<HTMLInputElement>(null)
  const deleteRun = useDeleteRun()
  useHotkeys({ '/': () => filter.current?.focus() })

  // The workspace draws these as it opens: the same runs get the same colours, whichever page is seen first.
  if (!isFiltered(view) && order.length === 0 && !list.isOld)
    keepRunColors(
      list.runs
        .slice(0, defaultDrawn)
        .map(({ id }) => id)
        .toReversed(),
    )

  const measured = useMemo(() => measureColumns(view.columns), [view.columns])
  const { all, chosen } = useColumns(list, view, measured, metrics)
  const measurements = useMeasures(
    path,
    useMemo(() => list.runs.map(({ slug, state }) => ({ slug, isRunning: isLiveState(state) })), [list.runs]),
    useMemo(() => measured.map(({ measure }) => measure), [measured]),
  )
  const cellOf: CellValue = (run, column) => {
    const place = measured.findIndex(({ id }) => id === column)
    if (place < 0) return cellValue(run, column)
    const found = measurements.of(run.slug, place)
    return found == null ? undefined : measured[place]?.measure.kind === 'target' ? found.step : found.value
  }
  const columns = useMemo(() => all.filter((column) => chosen.includes(column.id)), [all, chosen])
  const numeric = useMemo(
    () =>
      new Set(
        columns
          .filter(
            ({ id, kind }) => kind === 'measure' || list.runs.some((run) => typeof cellValue(run, id) === 'number'),
          )
          .map(({ id }) => id),
      ),
    [columns, list.runs],
  )
  const isMeasureSort = view.sort !== null && order.length === 0
  const sortedBy = isMeasureSort ? measurements.version : 0
  const rows = useMemo(
    () => {
      // The server sorts; until it answers, what is here is sorted as it will, and what is measured is sorted here.
      const sorted = isMeasureSort
        ? sortRuns(list.runs, view.sort, cellOf)
        : list.isOld
          ? sortRunsBy(list.runs, order)
          : list.runs
      return rowsOf(sorted, new Set(view.toggled))
    },
    // What is measured comes later than the runs.
    [list.runs, list.isOld, view.sort, order, view.toggled, sortedBy],
  )
  const { hasMore, loadMore } = list
  useEffect(() => {
    if (scroller === null || !hasMore) return
    const check = (): void => {
      if (scroller.scrollTop + scroller.clientHeight > scroller.scrollHeight - 400) loadMore()
    }
    scroller.addEventListener('scroll', check, { passive: true })
    return () => scroller.removeEventListener('scroll', check)
  }, [scroller, hasMore, loadMore])

  if (list.error !== null && list.runs.length === 0)
    return (
      <Notice
        title={isNotFound(list.error) ? 'There is no such project.' : describeError(list.error)}
        {...(isNotFound(list.error) ? { way: { label: 'All projects', path: '/' } } : { onRetry: list.retry })}
      />
    )
  if (!list.isPending && !list.isOld && list.total === 0 && !isFiltered(view))
    return <FirstRun project={path.project} />

  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">Runs of {path.project}</h1>
      <div className={styles.bar}>
        <div className={styles.search}>
          <RunFilter input={filter} value={view.search} onChange={(search) => change({ search })} />
        </div>
        {view.tags.map((tag) => (
          <Button
            key={tag}
            look="outlined"
            className={styles.chip}
            onClick={() => change((last) => ({ ...last, tags: toggle(last.tags, tag) }))}
          >
            {tag} <X size={12} />
          </Button>
        ))}
        <FilterChips filters={view.filters} onChange={(filters) => change({ filters })} />
        <span className={styles.count} data-testid="run-count">
          {list.hasMore
            ? `${formatCount(list.runs.length)} of ${formatCount(list.total)} runs loaded${isMeasureSort ? ', sorted among these' : ''}`
            : `${formatCount(list.total)} ${list.total === 1 ? 'run' : 'runs'}`}
        </span>
        {list.hasMore && (
          <Button look="plain" onClick={list.loadMore}>
            Load more
          </Button>
        )}
        <span className={styles.spring} />
        {measurements.error !== null && (
          <span className={styles.count} role="alert">
            {describeError(measurements.error)}
          </span>
        )}
        <FilterMenu
          columns={all.filter(({ kind }) => kind !== 'measure').map(({ id }) => id)}
          onAdd={(filter) => change((last) => ({ ...last, filters: withFilter(last.filters, filter) }))}
        />
        <MeasureMenu
          metrics={metrics}
          onAdd={(measure) => change({ columns: [...new Set([...chosen, measureId(measure)])] })}
        />
        <ColumnPicker all={all} chosen={chosen} onChange={(next) => change({ columns: next })} />
      </div>
      <div className={classes(styles.scroller, list.isOld && styles.old)} ref={setScroller}>
        <table className={styles.table} aria-rowcount={rows.length + 1}>
          <caption className="visually-hidden">Runs</caption>
          <thead>
            <tr>
              {[{ id: 'name', kind: 'fact', label: 'Name' } satisfies Column, ...columns].map((column) => (
                <ColumnHead
                  key={column.id}
                  column={column}
                  isNumeric={numeric.has(column.id)}
                  direction={
                    view.sort?.column === column.id ? (view.sort.isDescending ? 'descending' : 'ascending') : 'none'
                  }
                  onSort={() => change({ sort: nextSort(view.sort, column.id, numeric.has(column.id)) })}
                />
              ))}
              <td className={styles.filler} />
            </tr>
          </thead>
          <VirtualRows
            scroller={scroller}
            count={rows.length}
            rowHeight={rowHeight}
            columns={columns.length + 2}
            renderRow={(index) => {
              const row = rows[index]
              if (row === undefined) return null
              if (row.kind === 'run')
                return (
                  <RunTableRow
                    run={row.run}
                    color={keptRunColor(row.run.id)}
                    columns={columns}
                    numeric={numeric}
                    cellOf={cellOf}
                    onTag={(tag) => change((last) => ({ ...last, tags: toggle(last.tags, tag) }))}
                    onDelete={() => deleteRun(row.run)}
                  />
                )
              return (
                <tr className={styles.group}>
                  <th scope="rowgroup" colSpan={columns.length + 2}>
                    <button
                      type="button"
                      aria-expanded={!row.isFolded}
                      onClick={() => change((last) => ({ ...last, toggled: toggle(last.toggled, row.group) }))}
                    >
                      {row.isFolded ? '▸' : '▾'} {row.group === '' ? 'no group' : row.group} <span>{row.count}</span>
                    </button>
                  </th>
                </tr>
              )
            }}
          />
        </table>
        {list.isPending && <Loading what="runs" />}
        {!list.isPending && list.runs.length === 0 && <Notice title="No run matches." />}
      </div>
    </div>
  )
}
