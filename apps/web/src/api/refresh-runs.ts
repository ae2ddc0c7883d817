import type { RunPage } from '@kiroku/core/queries'
import type { Run } from '@kiroku/core/runs'
import type { InfiniteData, QueryClient, QueryKey } from '@tanstack/react-query'
import { arrived, askAnew } from './ask-anew.ts'
import { withFreshRuns } from './moved-runs.ts'

export type RefreshRunsOptions = {
  client: QueryClient
  /** The key of the list. */
  queryKey: QueryKey
  /** The runs of the list that must be fetched again, or null when all of the list must be. */
  runsToFetch: (pages: readonly RunPage[] | undefined) => readonly string[] | null
  /** Answers null for a run that cannot be read. */
  fetchRun: (run: string) => Promise<Run | null>
}

/** Brings a loaded list of runs up to date after runs of it moved. */
export async function refreshRuns({ client, queryKey, runsToFetch, fetchRun }: RefreshRunsOptions): Promise<void> {
  const list = { queryKey, exact: true }
  // Pages under way may have runs that moved, as they were before.
  await arrived(client, list)
  const slugs = runsToFetch(client.getQueryData<InfiniteData<RunPage>>(queryKey)?.pages)
  if (slugs === null) {
    await askAnew(client, list)
    return
  }
  const fresh = await Promise.all(slugs.map(fetchRun))
  // A page that was asked for meanwhile comes with all pages before it as they were then.
  await arrived(client, list)
  client.setQueryData<InfiniteData<RunPage>>(
    queryKey,
    (data) => data && { ...data, pages: withFreshRuns(data.pages, fresh) },
  )
}
