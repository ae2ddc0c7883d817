'use client'
import { maxGroupedRuns } from '@kiroku/core/groups'
import type { ProjectPath } from '@kiroku/core/projects'
import { type CSSProperties, type ReactNode, useDeferredValue, useEffect, useMemo, useState } from 'react'
import { describeError, isNotFound } from '../api/trpc.ts'
import { useMetrics, useRuns } from '../api/use-runs.ts'
import { filterOfColumns } from '../filters/column-filters.ts'
import { useHotkeys } from '../frame/hotkeys.ts'
import { FirstRun } from '../projects/first-run.tsx'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import { drawnRuns, headlineMetric, looksOf } from './drawn-runs.ts'
import { PanelDialog } from './panel-dialog.tsx'
import { ResizeHandle, useListWidth } from './resize-handle.tsx'
import { groupedLooks, groupRuns } from './run-groups.ts'
import { RunsList } from './runs-list.tsx'
import { ChartSection } from './section.tsx'
import { sectionsOf } from './sections.ts'
import { Toolbar } from './toolbar.tsx'
import { isFiltered } from './view.ts'
import { useView } from './view-context.tsx'
import styles from './workspace.module.css'

/** Runs are loaded in pages of this many. */
const pageSize = 200

/** A project's page: its runs on the left, a live chart for each of their metrics on the right. */
export function Workspace({ path }: { path: ProjectPath }): ReactNode {
  const { view, change } = useView()
  const search = useDeferredValue(view.search)
  const list = useRuns(path, {
    search,
    states: [...view.states],
    tags: [...view.tags],
    filter: filterOfColumns(view.filters),
    limit: view.groupBy === null ? Math.min(1000, Math.max(pageSize, view.drawn)) : 1000,
  })
  const { groupBy } = view
  const drawn = useMemo(() => drawnRuns(list.runs, view), [list.runs, view])
  const ownGroups = groupBy === null ? null : groupRuns(drawn, groupBy, list.total - list.runs.length)
  const groupsText = JSON.stringify(ownGroups)
  const groups = useMemo(() => ownGroups, [groupsText])
  const { hasMore, loadMore } = list
  const isFull = list.runs.length >= maxGroupedRuns
  useEffect(() => {
    if (groupBy !== null && hasMore && !isFull) loadMore()
  }, [groupBy, hasMore, isFull, loadMore, list.runs.length])
  const ownLooks = groups === null ? looksOf(drawn) : groupedLooks(drawn, groups)
  const looksText = JSON.stringify(ownLooks)
  // The list is fetched anew whenever a run moves; looks stay the same object until a look really changes.
  const looks = useMemo(() => ownLooks, [looksText])
  const slugs = useMemo(() => looks.map((look) => look.run), [looks])
  const metricList = useMetrics(path, slugs)
  const { metrics } = metricList
  const [isSheetOpen, setIsSheetOpen] = useState(false)
  const [width, setWidth] = useListWidth()
  const headline = useMemo(() => headlineMetric(metrics), [metrics])
  const sections = useMemo(() => sectionsOf(metrics, view.find), [metrics, view.find])

  const showList = (): void => {
    if (window.matchMedia('(max-width: 900px)').matches) setIsSheetOpen((isOpen) => !isOpen)
    else change((last) => ({ ...last, isListFolded: !last.isListFolded }))
  }
  useHotkeys({ '[': showList })

  if (list.error !== null && list.runs.length === 0)
    return (
      <Notice
        title={isNotFound(list.error) ? 'There is no such project.' : describeError(list.error)}
        {...(isNotFound(list.error) ? { way: { label: 'All projects', path: '/' } } : { onRetry: list.retry })}
      />
    )
  if (!list.isPending && !list.isOld && list.total === 0 && !isFiltered(view))
    return <FirstRun project={path.project} />
  const listStyle: CSSProperties = { width }

  return (
    <div className={styles.workspace} data-folded={view.isListFolded} data-sheet={isSheetOpen}>
      <h1 className="visually-hidden">{path.project}</h1>
      <div className={styles.side} style={listStyle}>
        <RunsList list={list} looks={looks} headline={headline} />
        <ResizeHandle width={width} onChange={setWidth} />
      </div>
      <button
        type="button"
        className={styles.sheetScrim}
        aria-label="Close the runs list"
        onClick={() => setIsSheetOpen(false)}
      />
      <div className={styles.charts}>
        <Toolbar metrics={metrics} runs={list.runs} onList={showList} />
        <div className={styles.scroll}>
          {sections.map((section) => (
            <ChartSection
              key={section.id}
              path={path}
              section={section}
              looks={looks}
              metrics={metrics}
              groups={groups}
            />
          ))}
          {sections.length === 0 && (
            <ChartsEmpty
              isPending={list.isPending || metricList.isPending}
              isSearch={view.find !== ''}
              hasRuns={slugs.length > 0}
              error={metricList.error}
            />
          )}
        </div>
      </div>
      <PanelDialog path={path} metrics={metrics} looks={looks} groups={groups} />
    </div>
  )
}

type ChartsEmptyProps = { isPending: boolean; isSearch: boolean; hasRuns: boolean; error: { message: string } | null }

function ChartsEmpty({ isPending, isSearch, hasRuns, error }: ChartsEmptyProps): ReactNode {
  if (error !== null) return <Notice title={describeError(error)} />
  if (isPending) return <Loading what="charts" />
  if (isSearch) return <Notice title="No chart is called that." />
  return hasRuns ? (
    <Notice
      title="The drawn runs have logged no numbers yet."
      detail="Charts appear here with the first `run.log()`."
    />
  ) : (
    <Notice title="No run is drawn." detail="Click the eye of a run in the list." />
  )
}
