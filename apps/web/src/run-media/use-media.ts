'use client'
import { type HistogramValue, histogramValueSchema, type MediaValue, mediaValueSchema } from '@kiroku/core/media'
import type { RunAddress, TextMetric } from '@kiroku/core/queries'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTRPC } from '../api/trpc.ts'
import { useRunRefresh } from '../api/use-run.ts'

/** Metrics of a run. `error` is why none are known. */
export type MetricList = {
  metrics: readonly TextMetric[]
  isPending: boolean
  error: { message: string } | null
  retry: () => void
}

const noMetrics: readonly TextMetric[] = []

/** The metrics of a run whose values are not numbers, followed live. */
export function useTextMetrics(address: RunAddress): MetricList {
  const trpc = useTRPC()
  const query = useQuery(trpc.texts.metrics.queryOptions(address))
  useRunRefresh(address.run, trpc.texts.metrics.queryKey(address))
  return {
    metrics: query.data ?? noMetrics,
    isPending: query.isPending,
    error: query.data === undefined ? query.error : null,
    retry: () => void query.refetch(),
  }
}

/** Those of them that are media. */
export function useMediaMetrics(address: RunAddress): MetricList {
  const list = useTextMetrics(address)
  const metrics = useMemo(() => list.metrics.filter(({ kind }) => kind !== 'text'), [list.metrics])
  return { ...list, metrics }
}

/** The steps at which a metric has a value, ascending, followed live. */
export function useMediaSteps(
  address: RunAddress,
  metric: string,
): { steps: readonly number[]; error: { message: string } | null; retry: () => void } {
  const trpc = useTRPC()
  const input = { ...address, metric }
  const query = useQuery(trpc.texts.steps.queryOptions(input))
  useRunRefresh(address.run, trpc.texts.steps.queryKey(input))
  return {
    steps: query.data ?? noSteps,
    error: query.data === undefined ? query.error : null,
    retry: () => void query.refetch(),
  }
}

const noSteps: readonly number[] = []

/** A metric's value at a step. `isUnreadable` when what is stored is not media. */
export type MediaAt = {
  value: MediaValue | null
  isUnreadable: boolean
  isOld: boolean
  time: number | null
  error: { message: string } | null
  retry: () => void
}

/** The value that a metric has at a step, while another is on its way the one before. */
export function useMediaAt(address: RunAddress, metric: string, step: number | undefined): MediaAt {
  const trpc = useTRPC()
  const at = step ?? 0
  const query = useQuery(
    trpc.texts.byRun.queryOptions(
      { ...address, metric, from: at, to: at, limit: 1 },
      { enabled: step !== undefined, placeholderData: keepPreviousData },
    ),
  )
  const [text] = query.data ?? []
  const parsed = useMemo(() => (text === undefined ? null : mediaValueSchema.safeParse(text.value)), [text])
  return {
    value: parsed?.data ?? null,
    isUnreadable: parsed !== null && !parsed.success,
    isOld: query.isPlaceholderData,
    time: text?.time ?? null,
    error: query.error,
    retry: () => void query.refetch(),
  }
}

/** The most histograms that a heat map is drawn of; of more the latest are, and the page says so. */
export const mostHistograms = 400

/** A histogram and its step. */
export type StepHistogram = { step: number; histogram: HistogramValue }

/** A metric's latest histograms by step, followed live. */
export function useHistograms(address: RunAddress, metric: string): readonly StepHistogram[] {
  const trpc = useTRPC()
  const input = { ...address, metric, limit: mostHistograms }
  const query = useQuery(trpc.texts.byRun.queryOptions(input))
  useRunRefresh(address.run, trpc.texts.byRun.queryKey(input))
  return useMemo(
    () =>
      (query.data ?? [])
        .flatMap(({ step, value }) => {
          const histogram = histogramValueSchema.safeParse(value).data
          return histogram === undefined ? [] : [{ step, histogram }]
        })
        .toSorted((one, other) => one.step - other.step),
    [query.data],
  )
}
