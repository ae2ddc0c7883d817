import Link from 'next/link'
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import styles from './notice.module.css'

/** Says in the middle of an empty place why it is empty, and offers a retry, the way to where something is, or what helps. */
export function Notice({
  title,
  detail,
  onRetry,
  way,
  act,
}: {
  title: string
  detail?: string
  onRetry?: () => void
  way?: { label: string; path: string }
  act?: { label: string; onAct: () => void }
}): ReactNode {
  return (
    <div className={styles.notice}>
      <p>{title}</p>
      {detail !== undefined && <p className={styles.detail}>{detail}</p>}
      {onRetry !== undefined && <Button onClick={onRetry}>Try again</Button>}
      {act !== undefined && <Button onClick={act.onAct}>{act.label}</Button>}
      {way !== undefined && (
        <Link href={way.path} className={styles.way}>
          {way.label}
        </Link>
      )}
    </div>
  )
}
