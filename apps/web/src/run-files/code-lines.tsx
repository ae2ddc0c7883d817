'use client'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useState } from 'react'
import { classes } from '../ui/button.tsx'
import styles from './code-lines.module.css'
import type { DiffLine } from './diff.ts'

/** One line to show. `numbers` has one number, or for a patch that before and that after. */
export type CodeLine = { kind: DiffLine['kind']; numbers: readonly (number | null)[]; text: string }

export type CodeLinesProps = { lines: readonly CodeLine[]; isWrapped: boolean; numbers: 1 | 2 }

const signs: Record<CodeLine['kind'], string> = { added: '+', removed: '−', same: '', hunk: '', file: '' }

/** Lines of code with their numbers: only those near the view exist. */
export function CodeLines({ lines, isWrapped, numbers }: CodeLinesProps): ReactNode {
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null)
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller,
    estimateSize: () => 18,
    overscan: 30,
  })
  const items = virtual.getVirtualItems()
  const digits = String(lines.length).length
  return (
    <div
      className={styles.scroller}
      ref={setScroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
      tabIndex={0}
      role="document"
      aria-label="Content"
      style={{ '--digits': `${digits}ch` }}
    >
      <div className={isWrapped ? styles.wrapped : styles.wide} style={{ height: virtual.getTotalSize() }}>
        <div style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
          {items.map(({ index, key }) => {
            const line = lines[index]
            if (line === undefined) return null
            return (
              <div
                key={key}
                ref={isWrapped ? virtual.measureElement : undefined}
                data-index={index}
                data-testid="code-line"
                data-kind={line.kind}
                className={classes(styles.line, styles[line.kind])}
              >
                {line.numbers.map((number, place) => (
                  <span key={place} className={styles.number}>
                    {number}
                  </span>
                ))}
                {numbers === 2 && <span className={styles.sign}>{signs[line.kind]}</span>}
                <code className={styles.text}>{line.text}</code>
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}
