'use client'
import { type ProjectPath, projectPathSchema } from '@kiroku/core/projects'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { describeError, isNotFound, useTRPC } from '../api/trpc.ts'
import { usePlace } from '../frame/place.tsx'
import { Button } from '../ui/button.tsx'
import { InlineEdit } from '../ui/inline-edit.tsx'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import { ProjectUsage } from '../usage/project-usage.tsx'
import { RetentionForm } from './retention-form.tsx'
import styles from './settings.module.css'
import { useProjectChanges } from './use-project-changes.ts'

/** The settings of the project that the address names. */
export function ProjectSettingsPage(): ReactNode {
  const place = usePlace()
  if (place === null || !projectPathSchema.safeParse(place).success) return null
  return <ProjectSettings key={`${place.organization}/${place.project}`} path={place} />
}

function ProjectSettings({ path }: { path: ProjectPath }): ReactNode {
  const trpc = useTRPC()
  const query = useQuery(trpc.projects.byPath.queryOptions(path))
  const { rename, keepFor, remove } = useProjectChanges(path)
  if (isNotFound(query.error))
    return <Notice title="There is no such project." way={{ label: 'All projects', path: '/' }} />
  if (query.error !== null && query.data === undefined)
    return <Notice title={describeError(query.error)} onRetry={() => void query.refetch()} />
  if (query.data === undefined) return <Loading what="settings" />
  const { name, retentionDays, runningCount } = query.data
  return (
    <div className={styles.page}>
      <div className={styles.column}>
        <h1 className={styles.heading}>Project settings</h1>
        <section className={styles.section} aria-label="Name">
          <h2>Name</h2>
          <div className={styles.name}>
            <InlineEdit value={name} label="Name" isRequired onSave={rename} />
          </div>
          <p className={styles.hint}>
            Scripts name the project they send to: one that says “{name}” after it was renamed begins a new project.
            {runningCount > 0 && ' It can be renamed once no run is running.'}
          </p>
        </section>
        <section className={styles.section} aria-label="Keep runs">
          <h2>Keep runs</h2>
          <RetentionForm
            key={retentionDays}
            path={path}
            days={retentionDays}
            onSave={(days) => keepFor(days, retentionDays)}
          />
        </section>
        <section className={styles.section} aria-label="Usage">
          <h2>Usage</h2>
          <ProjectUsage path={path} />
        </section>
        <section className={styles.section} aria-label="Delete">
          <h2>Delete</h2>
          <Button className={styles.danger} onClick={remove}>
            Delete project
          </Button>
          <p className={styles.hint}>
            All runs go with it, and scripts that still send are refused. It can be restored for a day, here at once and
            in the settings of {path.organization} later; then everything is removed from the disk.
          </p>
        </section>
      </div>
    </div>
  )
}
