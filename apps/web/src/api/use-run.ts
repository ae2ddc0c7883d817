'use client'
import type { RunFile } from '@kiroku/core/files'
import type { RunAddress } from '@kiroku/core/queries'
import { type QueryKey, useQuery, useQueryClient } from '@tanstack/react-query'
import { askAnew } from './ask-anew.ts'
import { useTRPC } from './trpc.ts'
import { useLiveRefresh } from './use-runs.ts'

/**
 * Asks anew for what has this key, or one that begins with it, whenever the run moved: at most once a second, and never for a run that
 * was deleted.
 */
export function useRunRefresh(run: string, queryKey: QueryKey): void {
  const client = useQueryClient()
  useLiveRefresh(
    async ({ gone }) => {
      if (!gone.has(run)) await askAnew(client, { queryKey })
    },
    (event) => event.kind === 'missed' || event.notice.runs.some((moved) => moved.run === run),
  )
}

/** A run's files, followed live. */
export type RunFiles = {
  files: readonly RunFile[]
  isPending: boolean
  error: { message: string } | null
  retry: () => void
}

const noFiles: readonly RunFile[] = []

/** The files that a run has, by path. */
export function useRunFiles(address: RunAddress): RunFiles {
  const trpc = useTRPC()
  const query = useQuery(trpc.files.list.queryOptions(address))
  useRunRefresh(address.run, trpc.files.list.queryKey(address))
  return {
    files: query.data ?? noFiles,
    isPending: query.isPending,
    error: query.error,
    retry: () => void query.refetch(),
  }
}
