'use client'
import type { ReactNode } from 'react'
import { highlightedRun, useHighlightEnd } from '../chart/cursor.ts'
import { type ChartLine, lineKey } from '../chart/prepare-chart.ts'
import styles from './panel.module.css'

/** Which colour is which device or writer, beneath a chart of several; pointing at one has its line stand out. */
export function PanelLegend({ lines }: { lines: readonly ChartLine[] }): ReactNode {
  useHighlightEnd()
  if (lines.length < 2) return null
  const { kind, names } = shortNames(lines.map(({ name }) => name))
  return (
    <ul className={styles.legend} aria-label="Lines" data-testid="legend">
      {kind !== null && <li className={styles.legendKind}>{kind}</li>}
      {lines.map((line, index) => (
        <li
          key={lineKey(line)}
          title={line.name}
          onPointerEnter={() => highlightedRun.set(lineKey(line))}
          onPointerLeave={() => highlightedRun.set(null)}
        >
          <span style={{ background: line.color }} />
          {names[index]}
        </li>
      ))}
    </ul>
  )
}

/** The names, and where all are one kind of device and a number, that kind apart from the numbers. */
export function shortNames(names: readonly string[]): { kind: string | null; names: readonly string[] } {
  const parts = names.map((name) => /^(\S+) (\d+)$/.exec(name))
  const kind = parts[0]?.[1]
  if (kind === undefined || parts.some((part) => part?.[1] !== kind)) return { kind: null, names }
  return { kind, names: parts.map((part) => part?.[2] ?? '') }
}
