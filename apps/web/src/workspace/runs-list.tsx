'use client'
import { runPath } from '@kiroku/core/routes'
import type { Run } from '@kiroku/core/runs'
import { useVirtualizer } from '@tanstack/react-virtual'
import { X } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { describeError } from '../api/trpc.ts'
import type { RunList } from '../api/use-runs.ts'
import { highlightedRun, useHighlightEnd } from '../chart/cursor.ts'
import type { RunLook } from '../chart/prepare-chart.ts'
import { keptRunColor } from '../colors/run-colors.ts'
import { FilterChips } from '../filters/filter-chips.tsx'
import { useHotkeys } from '../frame/hotkeys.ts'
import { Button, classes, IconButton } from '../ui/button.tsx'
import { RunFilter } from '../ui/run-filter.tsx'
import { drawnAtFirst, drawnRuns, withRunToggled } from './drawn-runs.ts'
import { RunRow, runRowHeight } from './run-row.tsx'
import styles from './runs-list.module.css'
import { DrawnMenu, StateFilter } from './runs-list-menus.tsx'
import { toggle, type View } from './view.ts'
import { useView } from './view-context.tsx'

export type RunsListProps = { list: RunList; looks: readonly RunLook[]; headline: string | null }

/** The project's runs: which there are, which are drawn, in which colour. */
export function RunsList({ list, looks, headline }: RunsListProps): ReactNode {
  const { view, change } = useView()
  useHighlightEnd()
  const router = useRouter()
  const scroller = useRef<HTMLDivElement>(null)
  const filter = useRef<HTMLInputElement>(null)
  const [active, setActive] = useState<string | null>(null)
  const [selected, setSelected] = useState<readonly string[]>([])
  const { runs } = list
  const colors = useMemo(() => new Map(looks.map((look) => [look.run, look.color])), [looks])
  const virtual = useVirtualizer({
    count: runs.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => runRowHeight,
    overscan: 8,
  })
  const items = virtual.getVirtualItems()
  const lastShown = items.at(-1)?.index ?? 0
  const { hasMore, loadMore } = list
  useEffect(() => {
    if (hasMore && lastShown >= runs.length - 20) loadMore()
  }, [hasMore, loadMore, lastShown, runs.length])

  const move = (by: number): void => {
    const at = runs.findIndex((run) => run.slug === active)
    const next = at === -1 ? (by > 0 ? 0 : runs.length - 1) : Math.min(runs.length - 1, Math.max(0, at + by))
    const run = runs[next]
    if (run === undefined) return
    setActive(run.slug)
    highlightedRun.set(colors.has(run.slug) ? run.slug : null)
    virtual.scrollToIndex(next)
  }
  const flip = (slugs: readonly string[]): void => {
    const isDrawn = slugs.some((slug) => colors.has(slug))
    change((last) => slugs.reduce((next, slug) => withRunToggled(next, slug, isDrawn), last))
  }
  useHotkeys({
    '/': () => filter.current?.focus(),
    j: () => move(1),
    k: () => move(-1),
    x: () => active !== null && setSelected((last) => toggle(last, active)),
    v: () => flip(selected.length > 0 ? selected : active === null ? [] : [active]),
    Enter: () => {
      const run = runs.find((one) => one.slug === active)
      if (run !== undefined) router.push(pathOf(run))
    },
    Escape: () => {
      setSelected([])
      setActive(null)
      highlightedRun.set(null)
    },
  })

  return (
    <aside className={styles.list} aria-label="Runs" data-testid="runs-list">
      <div className={styles.head}>
        <h2>Runs</h2>
        <DrawnMenu drawn={drawnRuns(runs, view).length} total={list.total} />
      </div>
      <div className={styles.filter}>
        <div className={styles.search}>
          <RunFilter input={filter} value={view.search} onChange={(search) => change({ search })}>
            <kbd>/</kbd>
          </RunFilter>
        </div>
        <StateFilter view={view} onChange={(states) => change({ states })} />
      </div>
      {view.tags.length + view.filters.length > 0 && (
        <div className={styles.chips}>
          <FilterChips filters={view.filters} onChange={(filters) => change({ filters })} />
          {view.tags.map((tag) => (
            <button
              key={tag}
              type="button"
              className={styles.chip}
              aria-label={`No longer filter by ${tag}`}
              onClick={() => change((last) => ({ ...last, tags: toggle(last.tags, tag) }))}
            >
              {tag} <X size={11} />
            </button>
          ))}
        </div>
      )}
      {selected.length > 0 && (
        <div className={styles.selection}>
          <span>{selected.length} selected</span>
          <Button look="plain" onClick={() => flip(selected)}>
            Show or hide
          </Button>
          <IconButton label="Select none" onClick={() => setSelected([])}>
            <X size={13} />
          </IconButton>
        </div>
      )}
      <div
        className={classes(styles.rows, list.isOld && styles.old)}
        ref={scroller}
        onPointerLeave={() => highlightedRun.set(null)}
      >
        <ul style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {items.map(({ index, start }) => {
            const run = runs[index]
            if (run === undefined) return null
            const color = colors.get(run.slug)
            return (
              <RunRow
                key={run.id}
                run={run}
                top={start}
                color={color ?? keptRunColor(run.id)}
                isDrawn={color !== undefined}
                isActive={run.slug === active}
                isSelected={selected.includes(run.slug)}
                headline={headline}
                onToggle={() => flip([run.slug])}
                onOnly={() => change((last) => onlyRun(last, runs, run.slug))}
                onTag={(tag) => change((last) => ({ ...last, tags: toggle(last.tags, tag) }))}
              />
            )
          })}
        </ul>
        {list.error !== null && (
          <div className={styles.message} role="alert">
            <p>{describeError(list.error)}</p>
            <Button onClick={list.retry}>Try again</Button>
          </div>
        )}
        {!list.isPending && runs.length === 0 && list.error === null && (
          <p className={styles.message}>No run matches.</p>
        )}
      </div>
    </aside>
  )
}

const pathOf = ({ organization, project, slug }: Run): string => runPath({ organization, project, run: slug })

/** Draws only this run, or, where it already is the only one, the newest again. */
function onlyRun(view: View, runs: readonly Run[], slug: string): View {
  const drawn = drawnRuns(runs, view)
  if (drawn.length === 1 && drawn[0]?.slug === slug) return { ...view, hidden: [], shown: [] }
  const newest = runs.slice(0, drawnAtFirst(view)).map((run) => run.slug)
  return { ...view, hidden: newest.filter((other) => other !== slug), shown: [slug] }
}
