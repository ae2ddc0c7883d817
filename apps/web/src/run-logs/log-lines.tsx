'use client'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { formatCount } from '../format/numbers.ts'
import { classes } from '../ui/button.tsx'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import { LogLineRow } from './log-line.tsx'
import styles from './log-page.module.css'
import { followsAfter, mostLines } from './log-pages.ts'
import type { Log } from './use-log.ts'

export type LogLinesProps = {
  log: Log
  search: string
  isWrapped: boolean
  isTimed: boolean
  isLabelled: boolean
  /** Whether the end stays in view as lines come. */
  isFollowing: boolean
  onFollow: (isFollowing: boolean) => void
  /** The lines in view changed. */
  onRange: (range: { from: number; to: number }) => void
}

const lineHeight = 18

/** The lines themselves: only those near the view exist. */
export function LogLines(props: LogLinesProps): ReactNode {
  const { log, search, isWrapped, isTimed, isLabelled, isFollowing, onFollow, onRange } = props
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null)
  const seen = useRef({ top: 0, height: 0 })
  const left = Math.max(0, log.total - mostLines)
  const count = log.total - left
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller,
    estimateSize: () => lineHeight,
    overscan: 30,
  })
  const items = virtual.getVirtualItems()
  const from = left + (items[0]?.index ?? 0)
  const to = left + (items.at(-1)?.index ?? -1) + 1
  useEffect(() => {
    if (to > from) onRange({ from, to })
  }, [from, to, onRange])

  const height = virtual.getTotalSize()
  // Heights of wrapped lines are known once they are drawn: each time the end is somewhere else.
  useLayoutEffect(() => {
    if (!isFollowing || scroller === null || count === 0 || height === 0) return
    scroller.scrollTop = scroller.scrollHeight
  }, [isFollowing, scroller, count, height])

  useEffect(() => {
    if (scroller === null) return
    const check = (): void => {
      const now = { top: scroller.scrollTop, height: scroller.scrollHeight, viewHeight: scroller.clientHeight }
      const follows = followsAfter(isFollowing, seen.current, now)
      seen.current = now
      if (follows !== isFollowing) onFollow(follows)
    }
    scroller.addEventListener('scroll', check, { passive: true })
    return () => scroller.removeEventListener('scroll', check)
  }, [scroller, isFollowing, onFollow])

  const digits = String(log.total).length
  return (
    <div
      className={styles.scroller}
      ref={setScroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label="Lines"
    >
      {left > 0 && (
        <p className={styles.left}>
          The first {formatCount(left)} lines are left out here. Find lines, or download them all.
        </p>
      )}
      <div style={{ height, position: 'relative', minWidth: '100%', width: isWrapped ? '100%' : 'max-content' }}>
        <div style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
          {items.map(({ index, key }) => {
            const line = log.lineAt(left + index)
            return (
              <div
                key={key}
                ref={isWrapped ? virtual.measureElement : undefined}
                data-index={index}
                data-testid="log-line"
                data-stream={line?.stream}
                className={classes(
                  styles.line,
                  isWrapped && styles.wrapped,
                  line?.stream === 'stderr' && styles.stderr,
                )}
                style={{ '--digits': `${digits}ch` }}
              >
                {line === undefined ? (
                  <span className={styles.waiting} />
                ) : (
                  <LogLineRow line={line} search={search} isTimed={isTimed} isLabelled={isLabelled} />
                )}
              </div>
            )
          })}
        </div>
      </div>
      {log.isPending && <Loading what="lines" />}
      {!log.isPending && count === 0 && <Notice title="No line contains that." />}
    </div>
  )
}
