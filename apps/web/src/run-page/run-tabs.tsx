'use client'
import type { ReactNode } from 'react'
import { formatShortCount } from '../format/numbers.ts'
import { type RunTab, runTabs } from '../workspace/view.ts'
import { useView } from '../workspace/view-context.tsx'
import styles from './run-page.module.css'

const labels: Record<RunTab, string> = {
  overview: 'Overview',
  media: 'Media',
  logs: 'Logs',
  files: 'Files',
  artifacts: 'Artifacts',
}

/** The parts of a run's page, one of which is seen; `counts` are of what is in them. */
export function RunTabs({ counts }: { counts: Readonly<Partial<Record<RunTab, number>>> }): ReactNode {
  const { view, change } = useView()
  return (
    <nav aria-label="Run" className={styles.tabs}>
      {runTabs.map((tab) => (
        <button
          key={tab}
          type="button"
          className={styles.tab}
          aria-current={view.tab === tab ? 'page' : undefined}
          data-testid={`tab-${tab}`}
          onClick={() => change({ tab })}
        >
          {labels[tab]}
          {(counts[tab] ?? 0) > 0 && <span className={styles.tabCount}>{formatShortCount(counts[tab] ?? 0)}</span>}
        </button>
      ))}
    </nav>
  )
}
