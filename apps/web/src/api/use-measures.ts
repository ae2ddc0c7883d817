'use client'
import { type Measure, type Measured, maxMeasures } from '@kiroku/core/measures'
import type { ProjectPath } from '@kiroku/core/projects'
import { useQueries } from '@tanstack/react-query'
import { intervalWhile } from './outdated.ts'
import { useTRPC } from './trpc.ts'

/** Runs of one request: a table asks again for those that came on only. */
const runsPerRequest = 500
/** Measures are asked for again this often while runs go on, and until they are of all that those logged. */
const liveIntervalMs = 10_000

/** What measures came to, by run and the measure's place; undefined while it is not known. */
export type Measurements = {
  of: (run: string, measure: number) => Measured | null | undefined
  error: { message: string } | null
  /** Another number whenever another answer came. */
  version: number
}

/** Measures some runs, and again while any of them goes on and after points came. */
export function useMeasures(
  path: ProjectPath,
  runs: readonly { slug: string; isRunning: boolean }[],
  measures: readonly Measure[],
): Measurements {
  const trpc = useTRPC()
  const parts = inParts(runs, runsPerRequest).flatMap((some) =>
    inParts(measures, maxMeasures).map((ofSome, part) => ({ runs: some, measures: ofSome, from: part * maxMeasures })),
  )
  const answers = useQueries({
    queries: parts.map((part) =>
      trpc.measures.byRuns.queryOptions(
        { ...path, runs: part.runs.map(({ slug }) => slug), measures: [...part.measures] },
        {
          trpc: { context: { isLarge: true } },
          meta: { runs: part.runs.map(({ slug }) => slug) },
          staleTime: liveIntervalMs,
          refetchInterval: intervalWhile(
            part.runs.some(({ isRunning }) => isRunning),
            liveIntervalMs,
          ),
        },
      ),
    ),
  })
  const known = new Map<string, Map<number, Measured | null>>()
  parts.forEach((part, at) => {
    answers[at]?.data?.forEach((ofRun, index) => {
      const slug = part.runs[index]?.slug ?? ''
      const places = known.get(slug) ?? new Map<number, Measured | null>()
      for (const [measure, measured] of ofRun.entries()) places.set(part.from + measure, measured)
      known.set(slug, places)
    })
  })
  return {
    of: (run, measure) => known.get(run)?.get(measure),
    version: answers.reduce((sum, { dataUpdatedAt }) => sum + dataUpdatedAt, 0),
    error: answers.find(({ error }) => error !== null)?.error ?? null,
  }
}

function inParts<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, part) =>
    items.slice(part * size, (part + 1) * size),
  )
}
