import { KirokuError } from '@kiroku/core/errors'
import type { Goal, SummaryOperation } from '@kiroku/core/metrics'
import { cleanText, isRecord } from '@kiroku/core/values'
import { checkOptions } from './known-options.ts'

/** How a metric is drawn and kept; what is left out stays as it was said before. */
export type DefineMetricOptions = {
  /** The metric that is its x axis: a name, or what `defineMetric` answered for it. */
  stepMetric?: string | { name: string }
  /** Whether a row without the step metric gets its latest value; on when there is a step metric. */
  stepSync?: boolean
  hidden?: boolean
  /** What the summary keeps: a list, or one string with commas. */
  summary?: readonly SummaryOperation[] | string
  goal?: Goal | 'min' | 'max'
  unit?: string
  /** Forget what was said of this name before. */
  overwrite?: boolean
}

const known: Readonly<Record<keyof DefineMetricOptions, true>> = {
  stepMetric: true,
  stepSync: true,
  hidden: true,
  summary: true,
  goal: true,
  unit: true,
  overwrite: true,
}

const goals: Readonly<Record<string, Goal>> = { min: 'minimize', max: 'maximize' }

/** The definition that a call asks for, in the form that the schema then checks. Throws `KirokuError` for an unknown option. */
export function definitionOf(name: string, options: DefineMetricOptions): Record<string, unknown> {
  checkOptions('defineMetric', options, known)
  const { stepMetric, summary, goal, ...rest } = options
  const definition: Record<string, unknown> = { name: typeof name === 'string' ? cleanText(name) : name, ...rest }
  if (stepMetric !== undefined) definition['stepMetric'] = stepNameOf(stepMetric)
  if (goal !== undefined) definition['goal'] = goals[goal] ?? goal
  const operations = typeof summary === 'string' ? summary.split(',') : summary
  const named = operations?.map((operation) => operation.trim().toLowerCase()).filter((operation) => operation !== '')
  if (named !== undefined && named.length > 0) definition['summary'] = named
  return definition
}

function stepNameOf(stepMetric: string | { name: string }): unknown {
  const name: unknown = isRecord(stepMetric) ? stepMetric.name : stepMetric
  if (!String(name).endsWith('*')) return name
  throw new KirokuError({ code: 'BAD_REQUEST', message: `defineMetric: stepMetric: \`${name}\` is not one metric` })
}
