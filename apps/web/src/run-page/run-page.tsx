'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import { projectPath } from '@kiroku/core/routes'
import type { Run, RunLabelsPatch } from '@kiroku/core/runs'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useMemo } from 'react'
import { describeError, isNotFound, useTRPC } from '../api/trpc.ts'
import { useLiveRefresh, useMetrics } from '../api/use-runs.ts'
import { keptRunColor } from '../colors/run-colors.ts'
import { Notice } from '../ui/notice.tsx'
import { PanelDialog } from '../workspace/panel-dialog.tsx'
import { flatValues } from '../workspace/run-values.ts'
import { ChartSection } from '../workspace/section.tsx'
import { sectionsOf } from '../workspace/sections.ts'
import { Toolbar } from '../workspace/toolbar.tsx'
import { useView } from '../workspace/view-context.tsx'
import { FactTable, valueFacts } from './fact-table.tsx'
import { gitFacts, hostFacts, timeFacts } from './facts.ts'
import { RunHead } from './run-head.tsx'
import styles from './run-page.module.css'
import { RunTexts } from './run-texts.tsx'

/** A run's page: what it was, and all its charts. */
export function RunPage({ path, slug }: { path: ProjectPath; slug: string }): ReactNode {
  const { view } = useView()
  const trpc = useTRPC()
  const client = useQueryClient()
  const address = { ...path, run: slug }
  const query = useQuery(trpc.runs.byId.queryOptions(address))
  const queryKey = trpc.runs.byId.queryKey(address)
  useLiveRefresh(
    async () => {
      await client.invalidateQueries({ queryKey, exact: true }, { cancelRefetch: false })
    },
    (event) => event.kind === 'missed' || event.notice.runs.some(({ run }) => run === slug),
  )
  const update = useMutation(
    trpc.runs.update.mutationOptions({ onSuccess: (run) => client.setQueryData(queryKey, run) }),
  )
  const slugs = useMemo(() => [slug], [slug])
  const { metrics, isPending } = useMetrics(path, slugs)
  const run = query.data
  const name = run?.displayName ?? slug
  const id = run?.id ?? ''
  const looks = useMemo(() => (id === '' ? [] : [{ run: slug, name, color: keptRunColor(id) }]), [slug, name, id])
  const sections = useMemo(
    () =>
      sectionsOf(metrics, view.find).map((section) =>
        section.id === 'system~' ? { ...section, isFoldedAtFirst: false } : section,
      ),
    [metrics, view.find],
  )

  if (query.error !== null && run === undefined)
    return (
      <Notice
        title={isNotFound(query.error) ? 'There is no such run. It may have been deleted.' : describeError(query.error)}
        {...(isNotFound(query.error)
          ? { way: { label: 'All runs', path: `${projectPath(path)}/runs` } }
          : { onRetry: () => void query.refetch() })}
      />
    )
  if (run === undefined) return null
  const save = (set: RunLabelsPatch): void => update.mutate({ ...address, set })

  return (
    <div className={styles.page}>
      <RunHead run={run} onSave={save} />
      <div className={styles.columns}>
        <Overview run={run} />
        <div className={styles.charts}>
          <Toolbar metrics={metrics} />
          {sections.map((section) => (
            <ChartSection key={section.id} path={path} section={section} looks={looks} metrics={metrics} />
          ))}
          <RunTexts address={address} />
          {sections.length === 0 && !isPending && (
            <Notice
              title={view.find === '' ? 'The run has logged no numbers yet.' : 'No chart is called that.'}
              {...(view.find === '' && run.state === 'running' ? { detail: 'Charts appear with the first one.' } : {})}
            />
          )}
        </div>
      </div>
      <PanelDialog path={path} metrics={metrics} looks={looks} />
    </div>
  )
}

function Overview({ run }: { run: Run }): ReactNode {
  return (
    <aside className={styles.overview} aria-label="Overview">
      <FactTable title="Run" facts={timeFacts(run)} />
      <FactTable title="Summary" facts={valueFacts(flatValues(run.summary))} />
      <FactTable title="Config" facts={valueFacts(flatValues(run.config))} />
      <FactTable title="Git" facts={gitFacts(run)} />
      <FactTable title="Host" facts={hostFacts(run)} />
    </aside>
  )
}
