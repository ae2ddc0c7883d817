'use client'
import { runPath } from '@kiroku/core/routes'
import type { Run } from '@kiroku/core/runs'
import { Eye, EyeOff } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { highlightedRun } from '../chart/cursor.ts'
import { Age } from '../ui/age.tsx'
import { classes } from '../ui/button.tsx'
import { ValueText } from '../ui/number-value.tsx'
import { RunStateMark } from '../ui/run-state.tsx'
import { summaryValue } from './run-values.ts'
import styles from './runs-list.module.css'

/** The height of a run's row in CSS pixels. */
export const runRowHeight = 48

export type RunRowProps = {
  run: Run
  top: number
  color: string
  isDrawn: boolean
  isActive: boolean
  isSelected: boolean
  headline: string | null
  onToggle: () => void
  /** Draws only this run. */
  onOnly: () => void
  onTag: (tag: string) => void
}

/** One run of the list: its eye, its colour, its state, its result and its age. */
export function RunRow(props: RunRowProps): ReactNode {
  const { run, top, color, isDrawn, isActive, isSelected, headline } = props
  const value = headline === null ? undefined : summaryValue(run, headline)
  return (
    <li
      className={classes(
        styles.row,
        isActive && styles.active,
        isSelected && styles.selected,
        !isDrawn && styles.undrawn,
      )}
      style={{ transform: `translateY(${top}px)`, height: runRowHeight }}
      data-testid="run-row"
      data-run={run.slug}
      data-state={run.state}
      onPointerEnter={() => highlightedRun.set(isDrawn ? run.slug : null)}
    >
      <button
        type="button"
        className={styles.eye}
        aria-pressed={isDrawn}
        aria-label={`Draw ${run.displayName}`}
        title="Show or hide. With Alt: only this one."
        onClick={(event) => (event.altKey ? props.onOnly() : props.onToggle())}
      >
        {isDrawn ? <Eye size={14} /> : <EyeOff size={14} />}
      </button>
      <span
        className={styles.color}
        style={{ borderColor: color, background: isDrawn ? color : 'none' }}
        aria-hidden="true"
      />
      <div className={styles.text}>
        <div className={styles.first}>
          <Link
            prefetch={false}
            className={styles.name}
            href={runPath({ ...run, run: run.slug })}
            title={run.displayName}
          >
            {run.displayName}
          </Link>
          {run.tags.slice(0, 1).map((tag) => (
            <button
              key={tag}
              type="button"
              className={styles.tag}
              title={`Filter by ${tag}`}
              onClick={() => props.onTag(tag)}
            >
              {tag}
            </button>
          ))}
          {run.tags.length > 1 && (
            <span className={styles.moreTags} title={run.tags.slice(1).join(', ')}>
              +{run.tags.length - 1}
            </span>
          )}
        </div>
        <div className={styles.second}>
          <RunStateMark state={run.state} isNamed={value === undefined} />
          {value !== undefined && (
            <span className={styles.headline}>
              <span className={styles.headlineName}>{headline}</span> <ValueText value={value} />
            </span>
          )}
          <span className={styles.age}>
            <Age time={run.createdAt} />
          </span>
        </div>
      </div>
    </li>
  )
}
