import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import styles from './notice.module.css'

/** Says in the middle of an empty place why it is empty, and offers a retry where one helps. */
export function Notice({
  title,
  detail,
  onRetry,
}: {
  title: string
  detail?: string
  onRetry?: () => void
}): ReactNode {
  return (
    <div className={styles.notice}>
      <p>{title}</p>
      {detail !== undefined && <p className={styles.detail}>{detail}</p>}
      {onRetry !== undefined && <Button onClick={onRetry}>Try again</Button>}
    </div>
  )
}
