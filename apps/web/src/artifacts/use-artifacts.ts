'use client'
import type { ArtifactLineage } from '@kiroku/core/artifacts'
import type { RunAddress } from '@kiroku/core/queries'
import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '../api/trpc.ts'
import { useRunRefresh } from '../api/use-run.ts'

/** What a run used and made, followed live. */
export type RunArtifactList = {
  lineage: ArtifactLineage | undefined
  count: number
  error: { message: string } | null
  retry: () => void
}

/** The artifacts that a run used and made. */
export function useRunArtifacts(address: RunAddress): RunArtifactList {
  const trpc = useTRPC()
  const query = useQuery(trpc.artifacts.byRun.queryOptions(address))
  useRunRefresh(address.run, trpc.artifacts.byRun.queryKey(address))
  const { data } = query
  return {
    lineage: data,
    count: data === undefined ? 0 : data.inputCount + data.outputCount,
    error: query.error,
    retry: () => void query.refetch(),
  }
}
