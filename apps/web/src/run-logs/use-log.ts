'use client'
import type { ConsolePage, RunAddress } from '@kiroku/core/queries'
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query'
import { useTRPC } from '../api/trpc.ts'
import { useRunRefresh } from '../api/use-run.ts'
import { linesPerPage, pagesOf } from './log-pages.ts'

/** Which of a run's lines are meant: those that contain `search`, of the writers with `label`, or of all. */
export type LogFilter = { search: string; label: string | null }

/** One printed line. */
export type LogLine = ConsolePage['lines'][number]

export type Log = {
  total: number
  /** The labels of all processes that printed, whatever is sought. */
  labels: readonly string[]
  /** A line by its place among those that match; undefined while it is on its way. */
  lineAt: (index: number) => LogLine | undefined
  isPending: boolean
  isFetching: boolean
  error: { message: string } | null
  retry: () => void
}

/** The lines that a run printed, of which pages with a line between `from` and `to` (excluded) are fetched, live. */
export function useLog(address: RunAddress, { search, label }: LogFilter, range: { from: number; to: number }): Log {
  const trpc = useTRPC()
  const filter = { ...(search === '' ? {} : { search }), ...(label === null ? {} : { label }) }
  const pageInput = (page: number) => ({ ...address, ...filter, from: page * linesPerPage, limit: linesPerPage })
  // The first line alone tells how many there are, whatever part is in view.
  const first = useQuery(
    trpc.console.byRun.queryOptions(
      { ...address, ...filter, from: 0, limit: 1 },
      { placeholderData: keepPreviousData },
    ),
  )
  const total = first.data?.total ?? 0
  const wanted = pagesOf(range.from, range.to, total)
  const queries = useQueries({ queries: wanted.map((page) => trpc.console.byRun.queryOptions(pageInput(page))) })
  useRunRefresh(address.run, trpc.console.byRun.pathKey())
  const pages = new Map(wanted.map((page, index) => [page, queries[index]?.data?.lines] as const))
  const failed = queries.find((query) => query.error !== null && query.data === undefined)
  return {
    total,
    labels: first.data?.labels ?? [],
    lineAt: (index) => pages.get(Math.floor(index / linesPerPage))?.[index % linesPerPage],
    isPending: first.isPending,
    isFetching: first.isFetching,
    error: first.data === undefined ? first.error : (failed?.error ?? null),
    retry: () => {
      void first.refetch()
      void failed?.refetch()
    },
  }
}
