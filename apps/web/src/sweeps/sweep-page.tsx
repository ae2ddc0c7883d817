'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import { sweepPath } from '@kiroku/core/routes'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useMemo, useState } from 'react'
import { askAnew } from '../api/ask-anew.ts'
import { describeError, isNotFound, useTRPC } from '../api/trpc.ts'
import { useLiveRefresh } from '../api/use-runs.ts'
import { usePlace, useSweepSlug } from '../frame/place.tsx'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import { ImportanceBars } from './importance-bars.tsx'
import { ParallelChart } from './parallel-chart.tsx'
import { prepareSweep } from './prepare-sweep.ts'
import { ProgressChart } from './progress-chart.tsx'
import { isWithin, type Ranges } from './ranges.ts'
import { SweepAgents } from './sweep-agents.tsx'
import { SweepConfig } from './sweep-config.tsx'
import { SweepHead } from './sweep-head.tsx'
import { SweepRuns } from './sweep-runs.tsx'
import styles from './sweeps.module.css'

/** The page of the sweep that the address names. */
export function SweepPage(): ReactNode {
  const place = usePlace()
  const slug = useSweepSlug()
  if (place === null) return null
  return <OneSweep key={`${place.organization}/${place.project}/${slug}`} path={place} slug={slug} />
}

function OneSweep({ path, slug }: { path: ProjectPath; slug: string }): ReactNode {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [ranges, setRanges] = useState<Ranges>({})
  const [pointed, setPointed] = useState<string | null>(null)
  const address = { ...path, sweep: slug }
  const query = useQuery(trpc.sweeps.byId.queryOptions(address, { refetchInterval: 5000 }))
  const queryKey = trpc.sweeps.byId.queryKey(address)
  useLiveRefresh(
    () => askAnew(client, { queryKey, exact: true }),
    () => true,
  )
  const details = query.data
  const prepared = useMemo(() => details && prepareSweep(details), [details])
  const name = details?.sweep.displayName
  useEffect(() => {
    if (name !== undefined) document.title = `${name} · ${path.project} · Kiroku`
  }, [name, path.project])
  if (query.error !== null && details === undefined)
    return isNotFound(query.error) ? (
      <Notice title="There is no such sweep." way={{ label: 'All sweeps', path: sweepPath(path) }} />
    ) : (
      <Notice title={describeError(query.error)} onRetry={() => void query.refetch()} />
    )
  if (details === undefined || prepared === undefined) return <Loading what="the sweep" />
  const { sweep, agents } = details
  const within = prepared.lines.filter((line) => isWithin(line, ranges))
  return (
    <div className={styles.page}>
      <SweepHead path={path} sweep={sweep} />
      {details.runs.length === 0 ? (
        <Notice
          title={sweep.state === 'pending' ? 'No agent has asked for a run yet.' : 'The sweep has no runs.'}
          {...(sweep.state === 'pending' && {
            detail: `Start one: wandb agent ${path.organization}/${path.project}/${slug}`,
          })}
        />
      ) : (
        <>
          <ParallelChart
            prepared={prepared}
            ranges={ranges}
            onRanges={setRanges}
            pointed={pointed}
            onPoint={setPointed}
            shown={within.length}
          />
          <div className={styles.pair}>
            {prepared.metric !== null && (
              <ProgressChart path={path} prepared={prepared} pointed={pointed} onPoint={setPointed} />
            )}
            {prepared.metric !== null && <ImportanceBars prepared={prepared} />}
          </div>
          <SweepRuns
            path={path}
            sweep={sweep}
            prepared={prepared}
            lines={within}
            leftOut={details.leftOut}
            pointed={pointed}
            onPoint={setPointed}
          />
        </>
      )}
      <div className={styles.pair}>
        <SweepConfig sweep={sweep} />
        <SweepAgents agents={agents} />
      </div>
    </div>
  )
}
