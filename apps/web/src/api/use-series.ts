'use client'
import type { SeriesAnswer, SeriesRequest } from '@kiroku/core/series'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef } from 'react'
import { type LiveEvent, useLiveEvents } from './live.tsx'
import { createRefreshGate, type RefreshGate } from './refresh-gate.ts'
import { fetchSeries } from './series-client.ts'

/** A chart follows its runs at most this often. */
const liveIntervalMs = 250
/** An answer that lacks runs is asked for again this often, until it is whole. */
const partialIntervalMs = 10_000

export type SeriesState = {
  /** The newest answer, or that of the request before while a new one is under way. */
  answer: SeriesAnswer | undefined
  /** Whether `answer` belongs to an earlier request. */
  isOld: boolean
  isFetching: boolean
  error: Error | null
  retry: () => void
}

/**
 * Fetches a chart's series while it is on screen and follows its runs live. A request that is null, or a chart that is
 * off screen, fetches nothing; what was fetched before stays. Requests are aborted when the chart leaves the screen.
 */
export function useSeries(request: SeriesRequest | null, isOnScreen: boolean): SeriesState {
  const client = useQueryClient()
  const queryKey = ['series', request]
  const isEnabled = request !== null && isOnScreen
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => {
      if (request === null) throw new Error('There is nothing to ask for.')
      return fetchSeries(request, signal)
    },
    enabled: isEnabled,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    structuralSharing: false,
    refetchInterval: ({ state }) => (state.data?.partial === undefined ? false : partialIntervalMs),
  })

  const latest = useRef({ queryKey, request, isOnScreen })
  latest.current = { queryKey, request, isOnScreen }
  const isStale = useRef(false)
  const gate = useRef<RefreshGate | null>(null)

  useEffect(() => {
    const created = createRefreshGate(async () => {
      const { queryKey: key } = latest.current
      await client.invalidateQueries({ queryKey: key, exact: true }, { cancelRefetch: false })
    }, liveIntervalMs)
    gate.current = created
    return () => created.stop()
  }, [client])

  useLiveEvents(
    useCallback((event: LiveEvent) => {
      const { request: current, isOnScreen: isVisible } = latest.current
      if (current === null || !concerns(event, current)) return
      if (isVisible) gate.current?.notify()
      else isStale.current = true
    }, []),
  )

  useEffect(() => {
    if (isOnScreen && isStale.current) {
      isStale.current = false
      gate.current?.notify()
    }
    if (!isOnScreen) void client.cancelQueries({ queryKey: latest.current.queryKey, exact: true })
  }, [isOnScreen, client])

  return {
    answer: query.data,
    isOld: query.isPlaceholderData,
    isFetching: query.isFetching,
    error: query.error,
    retry: () => void query.refetch(),
  }
}

function concerns(event: LiveEvent, request: SeriesRequest): boolean {
  if (event.kind === 'missed') return true
  const moved = new Set(event.notice.runs.flatMap(({ run, points }) => (points ? [run] : [])))
  return request.series.some(({ run }) => moved.has(run))
}
