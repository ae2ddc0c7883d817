'use client'
import type { ReactNode } from 'react'
import { LiveProvider } from '../api/live.tsx'
import styles from './frame.module.css'
import { usePlace } from './place.tsx'
import { TopBar } from './top-bar.tsx'

/** What is around every page: the bar, and for a project's pages its live stream. */
export function Frame({ children }: { children: ReactNode }): ReactNode {
  const place = usePlace()
  const page = (
    <div className={styles.app}>
      <TopBar />
      <main className={styles.main}>{children}</main>
    </div>
  )
  return place === null ? page : <LiveProvider {...place}>{page}</LiveProvider>
}
