import type { SweepState } from '@kiroku/core/sweeps/sweeps'
import type { ReactNode } from 'react'
import { classes } from '../ui/button.tsx'
import styles from './sweeps.module.css'

const shapes: Record<SweepState, ReactNode> = {
  pending: <circle cx="5" cy="5" r="3.2" fill="none" stroke="currentColor" strokeWidth="1.4" />,
  running: <circle cx="5" cy="5" r="3.5" fill="currentColor" />,
  paused: <path d="M2.5 2h1.8v6H2.5zM5.7 2h1.8v6H5.7z" fill="currentColor" />,
  finished: <path d="M1.5 5.2 4 7.7 8.7 2.6" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  canceled: <rect x="2" y="2" width="6" height="6" fill="currentColor" />,
}

/** A sweep's state as a shape, a colour and its name. */
export function SweepStateMark({ state }: { state: SweepState }): ReactNode {
  return (
    <span className={classes(styles.state, state === 'running' && styles.isRunning)} data-testid="sweep-state">
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
        {shapes[state]}
      </svg>
      {state}
    </span>
  )
}
