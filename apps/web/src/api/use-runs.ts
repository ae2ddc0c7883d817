'use client'
import type { ProjectPath } from '@kiroku/core/projects'
import type { MetricInfo, RunListInput } from '@kiroku/core/queries'
import type { Run } from '@kiroku/core/runs'
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef } from 'react'
import { askAnew } from './ask-anew.ts'
import { type LiveEvent, useLiveEvents } from './live.tsx'
import { addMoved, type Moved, nothingMoved, runsToFetch } from './moved-runs.ts'
import { createRefreshGate, type RefreshGate } from './refresh-gate.ts'
import { refreshRuns } from './refresh-runs.ts'
import { useTRPC, useTRPCClient } from './trpc.ts'

/** Lists follow what moves at most this often, and which runs are in them in which order at most that often. */
const listIntervalMs = 1000
const orderIntervalMs = 5000

/** Calls `refresh` for what moved in the project: at once, then at most once an interval, for all that came meanwhile. */
export function useLiveRefresh(
  refresh: (moved: Moved) => Promise<void>,
  concerns: (event: LiveEvent) => boolean,
  intervalMs: number = listIntervalMs,
): void {
  const latest = useRef({ refresh, concerns })
  latest.current = { refresh, concerns }
  const gate = useRef<RefreshGate | null>(null)
  const moved = useRef(nothingMoved())
  useEffect(() => {
    const created = createRefreshGate(async () => {
      const batch = moved.current
      moved.current = nothingMoved()
      await latest.current.refresh(batch)
    }, intervalMs)
    gate.current = created
    return () => created.stop()
  }, [intervalMs])
  useLiveEvents(
    useCallback((event: LiveEvent) => {
      if (!latest.current.concerns(event)) return
      addMoved(moved.current, event)
      gate.current?.notify()
    }, []),
  )
}

const always = (): boolean => true

export type RunList = {
  runs: readonly Run[]
  /** How many runs match, loaded or not. */
  total: number
  isPending: boolean
  /** Whether `runs` still belongs to the filter before. */
  isOld: boolean
  error: { message: string } | null
  retry: () => void
  hasMore: boolean
  loadMore: () => void
}

export type RunQuery = Pick<RunListInput, 'search' | 'states' | 'tags' | 'filter' | 'order'> & { limit: number }

/**
 * The project's runs that match, as they are sorted, followed live. What a run has is followed closely; whether it matches and
 * where it stands, which any of its values may change, every few seconds.
 */
export function useRuns(path: ProjectPath, { search, states, tags, filter, order, limit }: RunQuery): RunList {
  const trpc = useTRPC()
  const api = useTRPCClient()
  const client = useQueryClient()
  const input = {
    ...path,
    limit,
    ...(search ? { search } : {}),
    ...(states && states.length > 0 ? { states } : {}),
    ...(tags && tags.length > 0 ? { tags } : {}),
    ...(filter ? { filter } : {}),
    ...(order && order.length > 0 ? { order } : {}),
  }
  const isByValues = filter !== undefined || (order !== undefined && order.length > 0)
  const query = useInfiniteQuery(
    trpc.runs.list.infiniteQueryOptions(input, {
      // A filter and the cursor of an order by texts may not fit in an address.
      ...(isByValues && { trpc: { context: { isLarge: true } } }),
      getNextPageParam: (page) => page.nextCursor ?? undefined,
      placeholderData: keepPreviousData,
    }),
  )
  const queryKey = trpc.runs.list.infiniteQueryKey(input)
  useLiveRefresh(
    (moved) =>
      refreshRuns({
        client,
        queryKey,
        runsToFetch: (pages) => (states && states.length > 0 ? null : runsToFetch(moved, pages)),
        fetchRun: (run) => api.runs.byId.query({ ...path, run }).catch(() => null),
      }),
    always,
  )
  useLiveRefresh(
    async () => {
      if (isByValues) await askAnew(client, { queryKey, exact: true })
    },
    always,
    orderIntervalMs,
  )
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = query
  return {
    runs: useMemo(() => query.data?.pages.flatMap((page) => page.runs) ?? [], [query.data]),
    total: query.data?.pages[0]?.total ?? 0,
    isPending: query.isPending,
    isOld: query.isPlaceholderData,
    error: query.error,
    retry: () => void query.refetch(),
    hasMore: hasNextPage,
    loadMore: useCallback(() => {
      if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
    }, [hasNextPage, isFetchingNextPage, fetchNextPage]),
  }
}

/** The most runs that are named in an address; for more the metrics of the whole project are asked for. */
const mostNamedRuns = 150

export type MetricList = { metrics: readonly MetricInfo[]; isPending: boolean; error: { message: string } | null }

const noMetrics: readonly MetricInfo[] = []

/** The metrics of these runs, as charts need them, followed live. No runs have no metrics. */
export function useMetrics(path: ProjectPath, runs: readonly string[]): MetricList {
  const isEnabled = runs.length > 0
  const trpc = useTRPC()
  const client = useQueryClient()
  const input = runs.length > mostNamedRuns ? path : { ...path, runs: [...runs] }
  const query = useQuery(
    trpc.metrics.list.queryOptions(input, { enabled: isEnabled, placeholderData: keepPreviousData }),
  )
  const queryKey = trpc.metrics.list.queryKey(input)
  useLiveRefresh(() => askAnew(client, { queryKey, exact: true }), always)
  return {
    metrics: isEnabled ? (query.data ?? noMetrics) : noMetrics,
    isPending: isEnabled && query.isPending,
    error: query.error,
  }
}
