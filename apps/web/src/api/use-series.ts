'use client'
import type { GroupsAnswer, GroupsRequest } from '@kiroku/core/groups'
import type { SeriesAnswer, SeriesRequest } from '@kiroku/core/series'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef } from 'react'
import { askAnew } from './ask-anew.ts'
import { type LiveEvent, useLiveEvents } from './live.tsx'
import { mayHaveNewPoints } from './outdated.ts'
import { createRefreshGate, type RefreshGate } from './refresh-gate.ts'
import { fetchGroups, fetchSeries } from './series-client.ts'

/** A chart follows its runs at most this often. */
const liveIntervalMs = 250
/** An answer that lacks runs is asked for again this often, until it is whole. */
const partialIntervalMs = 10_000

export type AnswerState<Answer> = {
  /** The newest answer, or that of the request before while a new one is under way. */
  answer: Answer | undefined
  /** Whether `answer` belongs to an earlier request. */
  isOld: boolean
  isFetching: boolean
  error: Error | null
  retry: () => void
}

export type SeriesState = AnswerState<SeriesAnswer>

/**
 * Fetches a chart's series while it is on screen and follows its runs live. A request that is null, or a chart that is
 * off screen, fetches nothing; what was fetched before stays. Requests are aborted when the chart leaves the screen.
 */
export function useSeries(request: SeriesRequest | null, isOnScreen: boolean): SeriesState {
  return useAnswer(seriesSource, request, isOnScreen)
}

/** The same for a chart of groups of runs. */
export function useGroups(request: GroupsRequest | null, isOnScreen: boolean): AnswerState<GroupsAnswer> {
  return useAnswer(groupsSource, request, isOnScreen)
}

/** Where answers come from, and of which runs they are. */
type Source<Request, Answer> = {
  name: string
  fetch: (request: Request, signal: AbortSignal) => Promise<Answer>
  runsOf: (request: Request) => readonly string[]
  /** Whether some of an answer is missing, so that it is worth asking again. */
  isPartial: (answer: Answer) => boolean
}

const seriesSource: Source<SeriesRequest, SeriesAnswer> = {
  name: 'series',
  fetch: fetchSeries,
  runsOf: ({ series }) => series.map(({ run }) => run),
  isPartial: ({ partial }) => partial !== undefined,
}
const groupsSource: Source<GroupsRequest, GroupsAnswer> = {
  name: 'groups',
  fetch: fetchGroups,
  runsOf: ({ groups }) => groups.flatMap(({ runs }) => runs),
  isPartial: () => false,
}

function useAnswer<Request, Answer>(
  source: Source<Request, Answer>,
  request: Request | null,
  isOnScreen: boolean,
): AnswerState<Answer> {
  const client = useQueryClient()
  const queryKey = [source.name, request]
  const isEnabled = request !== null && isOnScreen
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => {
      if (request === null) throw new Error('There is nothing to ask for.')
      return source.fetch(request, signal)
    },
    enabled: isEnabled,
    meta: { runs: request === null ? [] : source.runsOf(request) },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    structuralSharing: false,
    refetchInterval: ({ state }) =>
      state.data !== undefined && source.isPartial(state.data) ? partialIntervalMs : false,
  })

  const latest = useRef({ queryKey, request, isOnScreen })
  latest.current = { queryKey, request, isOnScreen }
  const gate = useRef<RefreshGate | null>(null)

  useEffect(() => {
    const created = createRefreshGate(
      () => askAnew(client, { queryKey: latest.current.queryKey, exact: true }),
      liveIntervalMs,
    )
    gate.current = created
    return () => created.stop()
  }, [client])

  useLiveEvents(
    useCallback((event: LiveEvent) => {
      const { request: current, isOnScreen: isVisible } = latest.current
      // A chart that is off screen asks anew as it comes on screen, as its answer is marked as outdated.
      if (current !== null && isVisible && mayHaveNewPoints(event, source.runsOf(current))) gate.current?.notify()
    }, []),
  )

  useEffect(() => {
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
