'use client'
import { projectPath } from '@kiroku/core/routes'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { describeError, useTRPC } from '../api/trpc.ts'
import { formatCount } from '../format/numbers.ts'
import { Age } from '../ui/age.tsx'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import { RunStateMark } from '../ui/run-state.tsx'
import { DeletedOrganizations } from './deleted-organizations.tsx'
import { FirstRun } from './first-run.tsx'
import styles from './projects.module.css'

/** The page of all projects that the reader may see, the one that moved last first. */
export function ProjectList(): ReactNode {
  const trpc = useTRPC()
  const query = useQuery(trpc.projects.list.queryOptions({}, { refetchInterval: 5000 }))
  if (query.error !== null && query.data === undefined)
    return <Notice title={describeError(query.error)} onRetry={() => void query.refetch()} />
  if (query.data === undefined) return <Loading what="projects" />
  if (query.data.length === 0)
    return (
      <>
        <DeletedOrganizations />
        <FirstRun />
      </>
    )
  const projects = query.data.toSorted((one, other) => other.lastActivityAt - one.lastActivityAt)
  return (
    <div className={styles.page}>
      <h1 className={styles.title}>Projects</h1>
      <DeletedOrganizations />
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" className={styles.number}>
              Runs
            </th>
            <th scope="col">Running</th>
            <th scope="col" className={styles.number}>
              Last activity
            </th>
          </tr>
        </thead>
        <tbody>
          {projects.map((project) => (
            <tr key={`${project.organization}/${project.name}`} data-testid="project">
              <td>
                <Link
                  prefetch={false}
                  href={projectPath({ organization: project.organization, project: project.name })}
                  className={styles.link}
                >
                  <span className={styles.organization}>{project.organization} /</span> {project.name}
                </Link>
              </td>
              <td className={styles.number}>{formatCount(project.runCount)}</td>
              <td>
                {project.runningCount > 0 && (
                  <span className={styles.running}>
                    <RunStateMark state="running" /> {formatCount(project.runningCount)}
                  </span>
                )}
              </td>
              <td className={styles.number}>
                <Age time={project.lastActivityAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
