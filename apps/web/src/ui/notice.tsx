import Link from 'next/link'
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import styles from './notice.module.css'

/** Says in the middle of an empty place why it is empty, and offers a retry, or the way to where something is. */
export function Notice({
  title,
  detail,
  onRetry,
  way,
}: {
  title: string
  detail?: string
  onRetry?: () => void
  way?: { label: string; path: string }
}): ReactNode {
  return (
    <div className={styles.notice}>
      <p>{title}</p>
      {detail !== undefined && <p className={styles.detail}>{detail}</p>}
      {onRetry !== undefined && <Button onClick={onRetry}>Try again</Button>}
      {way !== undefined && (
        <Link href={way.path} className={styles.way}>
          {way.label}
        </Link>
      )}
    </div>
  )
}
