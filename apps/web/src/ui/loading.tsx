import type { ReactNode } from 'react'
import styles from './notice.module.css'

/** Says in an empty place that something is on its way; silent for the first moment, as most of it comes within that. */
export function Loading({ what }: { what: string }): ReactNode {
  return (
    <div className={styles.notice} role="status">
      <p className={styles.loading}>Loading {what}…</p>
    </div>
  )
}
