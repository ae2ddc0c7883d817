'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import { projectPath } from '@kiroku/core/routes'
import { isLiveState, type RunLabelsPatch } from '@kiroku/core/runs'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useMemo } from 'react'
import { describeError, isNotFound, useTRPC } from '../api/trpc.ts'
import { useRunFiles, useRunRefresh } from '../api/use-run.ts'
import { useMetrics } from '../api/use-runs.ts'
import { RunArtifacts } from '../artifacts/run-artifacts.tsx'
import { useRunArtifacts } from '../artifacts/use-artifacts.ts'
import { keptRunColor } from '../colors/run-colors.ts'
import { FilePage } from '../run-files/file-page.tsx'
import { LogPage } from '../run-logs/log-page.tsx'
import { MediaPage } from '../run-media/media-page.tsx'
import { useMediaMetrics } from '../run-media/use-media.ts'
import { Loading } from '../ui/loading.tsx'
import { Notice } from '../ui/notice.tsx'
import { PanelDialog } from '../workspace/panel-dialog.tsx'
import { ChartSection } from '../workspace/section.tsx'
import { sectionsOf } from '../workspace/sections.ts'
import { Toolbar } from '../workspace/toolbar.tsx'
import { useView } from '../workspace/view-context.tsx'
import { RunHead } from './run-head.tsx'
import { RunOverview } from './run-overview.tsx'
import styles from './run-page.module.css'
import { RunTabs } from './run-tabs.tsx'
import { RunTexts } from './run-texts.tsx'

/** A run's page: what it was, and all its charts. */
export function RunPage({ path, slug }: { path: ProjectPath; slug: string }): ReactNode {
  const { view } = useView()
  const trpc = useTRPC()
  const client = useQueryClient()
  const address = useMemo(() => ({ ...path, run: slug }), [path.organization, path.project, slug])
  const query = useQuery(trpc.runs.byId.queryOptions(address))
  const queryKey = trpc.runs.byId.queryKey(address)
  useRunRefresh(slug, queryKey)
  const update = useMutation(
    trpc.runs.update.mutationOptions({ onSuccess: (run) => client.setQueryData(queryKey, run) }),
  )
  const files = useRunFiles(address)
  const artifacts = useRunArtifacts(address)
  const segments = useQuery(trpc.metrics.byRun.queryOptions(address)).data?.segments ?? []
  const media = useMediaMetrics(address)
  const slugs = useMemo(() => [slug], [slug])
  const { metrics, isPending } = useMetrics(path, slugs)
  const run = query.data
  const name = run?.displayName ?? slug
  const id = run?.id ?? ''
  useEffect(() => {
    if (id !== '') document.title = `${name} · ${path.project} · Kiroku`
  }, [id, name, path.project])
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
  if (run === undefined) return <Loading what="the run" />
  const save = (set: RunLabelsPatch): void => update.mutate({ ...address, set })

  return (
    <div className={styles.page}>
      <RunHead run={run} segments={segments} onSave={save} />
      <RunTabs counts={{ media: media.metrics.length, files: files.files.length, artifacts: artifacts.count }} />
      {view.tab === 'media' && <MediaPage address={address} list={media} color={looks[0]?.color ?? ''} />}
      {view.tab === 'logs' && <LogPage address={address} run={run} />}
      {view.tab === 'files' && <FilePage address={address} list={files} />}
      {view.tab === 'artifacts' && <RunArtifacts run={run} list={artifacts} />}
      {view.tab === 'overview' && (
        <div className={styles.columns}>
          <RunOverview run={run} segments={segments} files={files.files} />
          <div className={styles.charts}>
            <Toolbar metrics={metrics} />
            {sections.map((section) => (
              <ChartSection key={section.id} path={path} section={section} looks={looks} metrics={metrics} />
            ))}
            <RunTexts address={address} />
            {sections.length === 0 && isPending && <Loading what="charts" />}
            {sections.length === 0 && !isPending && (
              <Notice
                title={view.find === '' ? 'The run has logged no numbers yet.' : 'No chart is called that.'}
                {...(view.find === '' && isLiveState(run.state) ? { detail: 'Charts appear with the first one.' } : {})}
              />
            )}
          </div>
        </div>
      )}
      <PanelDialog path={path} metrics={metrics} looks={looks} />
    </div>
  )
}
