import * as z from 'zod'
import { runSlugSchema } from './ids.ts'
import { metricNameSchema } from './metrics.ts'
import { projectPathSchema } from './projects.ts'

/** The most runs and measures that one request may name, and the most last points that a mean may be of. */
export const maxMeasuredRuns = 2000
export const maxMeasures = 16
export const maxLastPoints = 10_000

/**
 * A figure of one run, of the history of one metric; values that are not finite are passed over. `best` is the lowest or
 * highest value, of equal ones the first; `target` the first point at or above (`atLeast`), or at or below (`atMost`), a
 * value; `last` the mean of the finite ones of the `count` last points.
 */
export const measureSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('best'), metric: metricNameSchema, goal: z.enum(['min', 'max']) }),
  z.object({
    kind: z.literal('target'),
    metric: metricNameSchema,
    direction: z.enum(['atLeast', 'atMost']),
    target: z.number(),
  }),
  z.object({
    kind: z.literal('last'),
    metric: metricNameSchema,
    count: z.number().int().min(1).max(maxLastPoints, `a mean may be of at most ${maxLastPoints} points`),
  }),
])
export type Measure = z.infer<typeof measureSchema>

/** `runs.measures`: some measures of some runs. */
export const measuresInputSchema = projectPathSchema.extend({
  runs: z
    .array(runSlugSchema)
    .min(1)
    .max(maxMeasuredRuns, `a request may name at most ${maxMeasuredRuns} runs: ask for the others by another one`),
  measures: z
    .array(measureSchema)
    .min(1)
    .max(maxMeasures, `a request may name at most ${maxMeasures} measures: ask for the others by another one`),
})

/** What a measure came to: its value, and the step and the unix milliseconds of the point (of `last`, the last one). */
export const measuredSchema = z.object({ value: z.number(), step: z.number().int(), time: z.number() })
export type Measured = z.infer<typeof measuredSchema>

/** For each run, in the order asked for, each measure in its order; null where there is no such point. */
export const measuresAnswerSchema = z.array(z.array(measuredSchema.nullable()))
export type MeasuresAnswer = z.infer<typeof measuresAnswerSchema>
