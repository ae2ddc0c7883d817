import * as z from 'zod'
import { wireValueSchema } from '../values.ts'
import { parametersSchema } from './sweep-parameters.ts'

/** The longest config, as JSON, in characters. */
export const maxSweepConfigLength = 1_000_000

const text = (max: number) => z.string().max(max, `expected at most ${max} characters`)

/** What runs of a sweep are compared by: a summary value. `target` reached, no further run begins. */
export const sweepMetricSchema = z.object({
  name: text(1024).min(1, 'expected the name of a summary value, as val/loss'),
  goal: z.enum(['minimize', 'maximize'], { error: 'expected minimize or maximize' }).default('minimize'),
  target: z.number().nullish(),
})
export type SweepMetric = z.infer<typeof sweepMetricSchema>

const positiveInteger = z.number().int('expected a whole number').min(1, 'expected at least 1')

/**
 * Hyperband: a run that is not among the best at an iteration of a band is stopped. Bands are `min_iter` and its products with
 * `eta`, or `max_iter` divided by `eta`, `s` times. An iteration is a value of the metric that was logged.
 */
export const earlyTerminateSchema = z
  .object({
    type: z.literal('hyperband', { error: 'expected hyperband, the one kind of early termination there is' }),
    min_iter: positiveInteger.nullish(),
    max_iter: positiveInteger.nullish(),
    s: positiveInteger.nullish(),
    eta: z.number().gt(1, 'expected more than 1; 3 keeps a third of the runs').default(3),
    strict: z.boolean().default(false),
  })
  .superRefine(({ min_iter, max_iter, s }, context) => {
    const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    if (min_iter == null && max_iter == null)
      refuse('min_iter', 'expected min_iter, the iteration of the first band, or max_iter with s')
    if (max_iter != null && min_iter == null && s == null)
      refuse('s', 'expected s, the number of bands, beside max_iter; or give min_iter')
  })
export type EarlyTerminate = z.infer<typeof earlyTerminateSchema>

/**
 * What a sweep searches and how, in the keys that people write. Keys that are no matter of the search, as `program` and
 * `command`, are kept for the agents.
 */
export const sweepConfigSchema = z
  .looseObject({
    method: z.enum(['grid', 'random', 'bayes'], { error: 'expected grid, random or bayes' }),
    name: text(256).nullish(),
    description: text(65_536).nullish(),
    program: text(4096).nullish(),
    metric: sweepMetricSchema.nullish(),
    parameters: parametersSchema,
    early_terminate: earlyTerminateSchema.nullish(),
    run_cap: positiveInteger.nullish(),
  })
  .superRefine(({ method, metric, early_terminate }, context) => {
    const refuse = (path: string[], message: string): void => context.addIssue({ code: 'custom', path, message })
    if (!metric && method === 'bayes')
      refuse(['metric'], 'method bayes needs a metric: give name and goal, or use random')
    if (!metric && early_terminate)
      refuse(['metric'], 'early_terminate compares runs by a metric: give name and goal, or leave early_terminate out')
  })
export type SweepConfig = z.infer<typeof sweepConfigSchema>

/** A config as it was given, whatever is in it: it is read by `readSweepConfig`. */
export const sweepDocumentSchema = z.record(z.string(), wireValueSchema)
export type SweepDocument = z.infer<typeof sweepDocumentSchema>
