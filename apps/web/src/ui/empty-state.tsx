import type { ReactNode } from 'react'
import styles from './empty-state.module.css'

/** Stands where nothing is yet: what would be here, and the code that brings it. */
export function EmptyState({
  title,
  testId,
  children,
}: {
  title: string
  testId: string
  children: ReactNode
}): ReactNode {
  return (
    <div className={styles.empty} data-testid={testId}>
      <h2>{title}</h2>
      {children}
    </div>
  )
}
