import type { RunState } from '@kiroku/core/runs'
import type { ReactNode } from 'react'
import { classes } from './button.tsx'
import styles from './run-state.module.css'

const shapes: Record<RunState, ReactNode> = {
  running: <circle cx="5" cy="5" r="3.5" fill="currentColor" />,
  finished: <path d="M1.5 5.2 4 7.7 8.7 2.6" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  failed: <path d="m2 2 6 6M8 2 2 8" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  crashed: <path d="M5 1.2 9.2 8.6H.8Z" fill="currentColor" />,
  killed: <rect x="2" y="2" width="6" height="6" fill="currentColor" />,
  preempting: <path d="M5 1.5v7M1.5 5 5 8.5 8.5 5" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  preempted: <path d="M2 2h2v6H2zM6 2h2v6H6z" fill="currentColor" />,
}

/** What a state's name alone does not say. */
const meanings: Partial<Record<RunState, string>> = {
  preempting: 'preempting: its machine is about to be taken away',
  preempted: 'preempted: its machine was taken away; it waits for a script that resumes it',
}

/** A run's state as a shape and a colour, with its name for those who see neither; `isNamed` shows the name too. */
export function RunStateMark({ state, isNamed = false }: { state: RunState; isNamed?: boolean }): ReactNode {
  return (
    <span className={classes(styles.state, styles[state])} title={meanings[state] ?? state}>
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
        {shapes[state]}
      </svg>
      <span className={isNamed ? undefined : 'visually-hidden'}>{state}</span>
    </span>
  )
}
