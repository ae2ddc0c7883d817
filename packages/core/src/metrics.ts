import * as z from 'zod'
import { isStorableText } from './values.ts'

/** What a metric's summary keeps. `best` is `min` or `max` by the metric's goal. */
export const summaryOperationSchema = z.enum(['min', 'max', 'mean', 'last', 'first', 'best', 'copy', 'none'])
export type SummaryOperation = z.infer<typeof summaryOperationSchema>

export const goalSchema = z.enum(['minimize', 'maximize'])
export type Goal = z.infer<typeof goalSchema>

/** The longest metric name that is stored, in characters. */
export const maxMetricNameLength = 512

/** A metric's own name: dotted when it came from a nested record; `/` makes a section of the dashboard. */
export const metricNameSchema = z
  .string()
  .min(1, 'a metric name must not be empty')
  .max(maxMetricNameLength, `a metric name has at most ${maxMetricNameLength} characters`)
  .refine(isStorableText, 'a metric name must be well-formed text without NUL')

/** The name in a definition: a metric's name, or a prefix that ends in `*`. */
export const metricPatternSchema = metricNameSchema.refine(
  (name) => !name.slice(0, -1).includes('*'),
  '`*` may only be the last character of a name',
)

/**
 * A metric's definition: what its x axis is, how its summary is kept and how it is shown. `name` ends in `*` for a
 * prefix definition. A field that is left out was never said.
 */
export const metricDefinitionSchema = z.object({
  name: metricPatternSchema,
  stepMetric: metricNameSchema.nullish(),
  stepSync: z.boolean().nullish(),
  hidden: z.boolean().nullish(),
  summary: z.array(summaryOperationSchema).nullish(),
  goal: goalSchema.nullish(),
  unit: z.string().max(32).nullish(),
})
export type MetricDefinition = z.infer<typeof metricDefinitionSchema>

/** A definition as a script sends it: merged into what is known, or put in its place when `overwrite` is set. */
export const defineMetricInputSchema = metricDefinitionSchema.extend({ overwrite: z.boolean().optional() })
export type DefineMetricInput = z.infer<typeof defineMetricInputSchema>

/** True when the definition is for all names that begin with what stands before its `*`. */
export function isPrefixDefinition(definition: Pick<MetricDefinition, 'name'>): boolean {
  return definition.name.endsWith('*')
}

/**
 * The definition that rules a metric: the exact one, else the longest matching prefix; of two equally long the later
 * in the list. Names that begin with `_` match no prefix. Nothing is inherited from a prefix by an exact definition.
 */
export function resolveDefinition(
  definitions: readonly MetricDefinition[],
  metric: string,
): MetricDefinition | undefined {
  let best: MetricDefinition | undefined
  for (const definition of definitions) {
    if (definition.name === metric) return definition
    if (!isPrefixDefinition(definition) || metric.startsWith('_')) continue
    const isLonger = best === undefined || definition.name.length >= best.name.length
    if (isLonger && metric.startsWith(definition.name.slice(0, -1))) best = definition
  }
  return best
}

/**
 * The list with one definition merged in or put in the place of its namesake. Merging replaces each field that is
 * given, so that `hidden` and `stepSync` can be switched off again, and unites summary operations.
 */
export function applyDefinition(
  definitions: readonly MetricDefinition[],
  input: DefineMetricInput,
): MetricDefinition[] {
  const { overwrite, ...given } = input
  const known = definitions.find((definition) => definition.name === given.name)
  const merged = mergeDefinitions(overwrite || known === undefined ? { name: given.name } : known, given)
  if (known === undefined) return [...definitions, merged]
  return definitions.map((definition) => (definition === known ? merged : definition))
}

function mergeDefinitions(known: MetricDefinition, given: MetricDefinition): MetricDefinition {
  return {
    name: known.name,
    stepMetric: given.stepMetric ?? known.stepMetric,
    stepSync: given.stepSync ?? known.stepSync,
    hidden: given.hidden ?? known.hidden,
    summary: uniteOperations(known.summary, given.summary),
    goal: given.goal ?? known.goal,
    unit: given.unit ?? known.unit,
  }
}

function uniteOperations(
  known: readonly SummaryOperation[] | null | undefined,
  given: readonly SummaryOperation[] | null | undefined,
): SummaryOperation[] | undefined {
  if (!given || given.length === 0) return known ? [...known] : undefined
  if (given.includes('none')) return ['none']
  return [...new Set([...(known ?? []).filter((operation) => operation !== 'none'), ...given])]
}

/**
 * The list with nothing said of how this metric's summary is kept, which is what setting a summary value by hand asks for:
 * that value shows, and what is logged later shows as its last value. Where a prefix ruled the metric it gets a definition
 * of its own, a copy without operations. The same list comes back when there is nothing to clear.
 */
export function clearSummaryOperations(
  definitions: readonly MetricDefinition[],
  metric: string,
): readonly MetricDefinition[] {
  const ruling = resolveDefinition(definitions, metric)
  if (!ruling?.summary || ruling.summary.length === 0) return definitions
  const cleared = { ...ruling, name: metric, summary: undefined }
  if (ruling.name === metric) return definitions.map((definition) => (definition === ruling ? cleared : definition))
  const isExactName = !metric.includes('*') && metricNameSchema.safeParse(metric).success
  return isExactName ? [...definitions, cleared] : definitions
}

/** Whether a row that has the metric gets its step metric's latest value put in: on unless switched off. */
export function isStepSynced(definition: MetricDefinition): boolean {
  return definition.stepMetric != null && definition.stepSync !== false
}
