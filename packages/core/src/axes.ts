import * as z from 'zod'
import { type MetricDefinition, metricNameSchema, resolveDefinition } from './metrics.ts'

/**
 * What a chart's x is: the step, wall time (unix milliseconds), time since the run's start (milliseconds), or the
 * value that another metric had at the same step.
 */
export const xAxisSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('step') }),
  z.object({ kind: z.literal('time') }),
  z.object({ kind: z.literal('relative') }),
  z.object({ kind: z.literal('metric'), name: metricNameSchema }),
])
export type XAxis = z.infer<typeof xAxisSchema>

/** What a chart may ask for: a fixed x axis, or `bound`: the step metric that the run's definitions bind it to. */
export const xAxisChoiceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('bound') }),
  ...xAxisSchema.options,
])
export type XAxisChoice = z.infer<typeof xAxisChoiceSchema>

/** The x axis of one metric: the chosen one, or for `bound` its step metric, and `_step` where there is none. */
export function resolveXAxis(choice: XAxisChoice, definitions: readonly MetricDefinition[], metric: string): XAxis {
  if (choice.kind !== 'bound') return choice
  const stepMetric = resolveDefinition(definitions, metric)?.stepMetric
  return stepMetric == null || stepMetric === metric || stepMetric === '_step'
    ? { kind: 'step' }
    : { kind: 'metric', name: stepMetric }
}

/** The axis' title: the step metric's own name, or what the field calls it. */
export function xAxisLabel(axis: XAxis): string {
  switch (axis.kind) {
    case 'step':
      return '_step'
    case 'time':
      return 'wall time'
    case 'relative':
      return 'relative time'
    case 'metric':
      return axis.name
  }
}
