import type { MetricDefinition } from '@kiroku/core/metrics'
import type { CreateRunResult, ResumedRun, RunLabelsPatch } from '@kiroku/core/runs'
import type * as z from 'zod'
import type { RunLink } from './run-link.ts'

/** What a run is made of. */
export type RunParts = {
  id: string
  project: string
  labels: RunLabelsPatch
  config: Readonly<Record<string, unknown>>
  definitions: MetricDefinition[]
  /** Config values may be changed without a word. */
  allowValChange?: boolean
  /** Several processes write to the run: the server gives the steps. */
  isShared?: boolean
  /** What the server said of the run before it was begun here; null when it was not asked or did not answer. */
  beginning?: Pick<CreateRunResult, 'startingStep' | 'isResumed' | 'resumed'> | null
  schemas: ReadonlyMap<string, z.ZodType>
  link: RunLink
  /** The run is about to end: what is still to be recorded of it must be so now. */
  onEnding?: () => void
}

/** The definitions of a run that goes on, and the last finite value of each step metric that they name. */
export function stepMetricsOf(resumed: ResumedRun | null): {
  definitions: MetricDefinition[]
  latest: Record<string, number>
} {
  const { definitions = [], totals = {} } = resumed ?? {}
  const latest = new Map<string, number>()
  for (const { stepMetric } of definitions) {
    const last = stepMetric == null || !Object.hasOwn(totals, stepMetric) ? null : totals[stepMetric]?.last
    if (stepMetric != null && typeof last === 'number') latest.set(stepMetric, last)
  }
  return { definitions, latest: Object.fromEntries(latest) }
}
