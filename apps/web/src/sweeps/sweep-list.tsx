'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import { sweepPath } from '@kiroku/core/routes'
import type { Sweep } from '@kiroku/core/sweeps/sweeps'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { describeError, isNotFound, useTRPC } from '../api/trpc.ts'
import { formatCount } from '../format/numbers.ts'
import { Age } from '../ui/age.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import { ValueText } from '../ui/number-value.tsx'
import { SweepStateMark } from './sweep-state.tsx'
import styles from './sweeps.module.css'

/** All sweeps of a project, newest first. */
export function SweepList({ path }: { path: ProjectPath }): ReactNode {
  const trpc = useTRPC()
  const query = useQuery(trpc.sweeps.list.queryOptions(path, { refetchInterval: 5000 }))
  if (query.error !== null && query.data === undefined)
    return isNotFound(query.error) ? (
      <Notice title="There is no such project." way={{ label: 'All projects', path: '/' }} />
    ) : (
      <Notice title={describeError(query.error)} onRetry={() => void query.refetch()} />
    )
  if (query.data === undefined) return <Loading what="sweeps" />
  if (query.data.length === 0) return <NoSweeps path={path} />
  return (
    <div className={styles.page}>
      <div className={styles.column}>
        <h1 className={styles.title}>Sweeps</h1>
        <div className={styles.scroller}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">State</th>
                <th scope="col">Search</th>
                <th scope="col" className={styles.number}>
                  Runs
                </th>
                <th scope="col">Best</th>
                <th scope="col" className={styles.number}>
                  Agents
                </th>
                <th scope="col" className={styles.number}>
                  Created
                </th>
              </tr>
            </thead>
            <tbody>
              {query.data.map((sweep) => (
                <SweepRow key={sweep.id} path={path} sweep={sweep} />
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </div>
  )
}

function SweepRow({ path, sweep }: { path: ProjectPath; sweep: Sweep }): ReactNode {
  return (
    <tr data-testid="sweep">
      <td>
        <Link prefetch={false} href={sweepPath({ ...path, sweep: sweep.slug })} className={styles.link}>
          {sweep.displayName}
        </Link>
        {sweep.displayName !== sweep.slug && <small className={styles.faint}> {sweep.slug}</small>}
      </td>
      <td>
        <SweepStateMark state={sweep.state} />
      </td>
      <td>{String(sweep.config['method'])}</td>
      <td className={styles.number}>{runsOf(sweep)}</td>
      <td>
        {sweep.best === null ? (
          <span className={styles.faint}>none</span>
        ) : (
          <>
            <ValueText value={sweep.best.value} />
            <small className={styles.faint}> {metricOf(sweep)}</small>
          </>
        )}
      </td>
      <td className={styles.number}>{sweep.liveAgents > 0 ? formatCount(sweep.liveAgents) : ''}</td>
      <td className={styles.number}>
        <Age time={sweep.createdAt} />
      </td>
    </tr>
  )
}

/** How many runs a sweep has, of how many it can have. */
export function runsOf({ runCount, expectedRuns }: Pick<Sweep, 'runCount' | 'expectedRuns'>): string {
  return expectedRuns === null ? formatCount(runCount) : `${formatCount(runCount)} of ${formatCount(expectedRuns)}`
}

/** The name of a sweep's metric, or an empty text. */
export function metricOf({ config }: Pick<Sweep, 'config'>): string {
  const { metric } = config
  return metric !== null && typeof metric === 'object' && 'name' in metric ? String(metric['name']) : ''
}

function NoSweeps({ path }: { path: ProjectPath }): ReactNode {
  const code = `import wandb

sweep_id = wandb.sweep({
    "method": "bayes",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {"lr": {"distribution": "log_uniform_values", "min": 1e-5, "max": 0.1}},
}, project="${path.project}")
wandb.agent(sweep_id, function=train, count=20)`
  return (
    <EmptyState title="This project has no sweeps yet" testId="no-sweeps">
      <p>
        A sweep searches for the values of parameters: by grid, at random, or by what its runs have shown. Agents ask it
        for runs, as many of them as you start.
      </p>
      <pre className={styles.code}>{code}</pre>
    </EmptyState>
  )
}
