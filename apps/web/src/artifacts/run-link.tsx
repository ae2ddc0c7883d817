'use client'
import type { RunReference } from '@kiroku/core/artifacts'
import { runPath } from '@kiroku/core/routes'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { keptRunColor } from '../colors/run-colors.ts'
import styles from './artifacts.module.css'

/** A run by its name and colour, and the way to it; its project too where that is another one. */
export function RunLink({
  organization,
  project,
  run,
}: {
  organization: string
  project: string
  run: RunReference
}): ReactNode {
  return (
    <Link
      className={styles.run}
      href={`${runPath({ organization, project: run.project, run: run.run })}?tab=artifacts`}
      title={`${run.project}/${run.run}`}
    >
      <i style={{ background: keptRunColor(run.id) }} />
      <span>{run.project === project ? run.displayName : `${run.project} / ${run.displayName}`}</span>
    </Link>
  )
}

/** Some runs, and how many there are besides. */
export function RunLinks({
  organization,
  project,
  runs,
  total = runs.length,
  most,
}: {
  organization: string
  project: string
  runs: readonly RunReference[]
  total?: number
  most: number
}): ReactNode {
  const shown = runs.slice(0, most)
  return (
    <>
      {shown.map((run) => (
        <RunLink key={run.id} organization={organization} project={project} run={run} />
      ))}
      {total > shown.length && <span className={styles.faint}>and {total - shown.length} more</span>}
    </>
  )
}
