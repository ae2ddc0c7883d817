import * as z from 'zod'
import { xAxisChoiceSchema } from './axes.ts'
import { KirokuError, parseInput } from './errors.ts'
import { decodeFrame, encodeFrame, float64Column } from './frames.ts'
import { streamSchema } from './history.ts'
import { runSlugSchema } from './ids.ts'
import { metricNameSchema } from './metrics.ts'
import { projectPathSchema } from './projects.ts'

/** The most runs that one request may name, over all its groups. */
export const maxGroupedRuns = 10_000
/** The most groups of one request, and the most buckets over all of them. */
export const maxGroupsPerRequest = 500
export const maxGroupBuckets = 500_000

/**
 * One chart of groups of runs: one metric, one x axis, the visible range of x (all of it when left out), cut into `buckets`
 * equal ones.
 */
export const groupsRequestSchema = projectPathSchema
  .extend({
    metric: metricNameSchema,
    stream: streamSchema.default('history'),
    groups: z
      .array(z.object({ runs: z.array(runSlugSchema).min(1) }))
      .min(1)
      .max(maxGroupsPerRequest, `a request may name at most ${maxGroupsPerRequest} groups`),
    x: xAxisChoiceSchema.default({ kind: 'bound' }),
    range: z
      .object({ from: z.number(), to: z.number() })
      .refine(({ from, to }) => from <= to, 'from must not be above to')
      .optional(),
    buckets: z.number().int().min(1).max(4096),
  })
  .refine(({ groups }) => groups.reduce((sum, { runs }) => sum + runs.length, 0) <= maxGroupedRuns, {
    path: ['groups'],
    message: `the groups may have at most ${maxGroupedRuns} runs together: filter, or ask for fewer groups at once`,
  })
  .refine(({ groups, buckets }) => groups.length * buckets <= maxGroupBuckets, {
    path: ['buckets'],
    message: `groups times buckets must not exceed ${maxGroupBuckets}: ask for fewer groups, or fewer buckets`,
  })
export type GroupsRequest = z.input<typeof groupsRequestSchema>

/**
 * The columns of a group, one element a bucket that has points, sorted. `bucket` is its place in the cut of the range, from
 * 0. `runs` have a finite value in it; each is there with the mean of its finite values, over which `mean`, `std` (of the
 * whole population: 0 for one run), `median` and the quantiles (linear between neighbours) go. `min` and `max` are of the
 * values themselves. All are NaN where `runs` is 0. `count` is of all points, `notFiniteCount` of NaN and the infinities.
 */
export const groupColumns = [
  'bucket',
  'runs',
  'mean',
  'std',
  'min',
  'q10',
  'q25',
  'median',
  'q75',
  'q90',
  'max',
  'count',
  'notFiniteCount',
] as const
export type GroupColumn = (typeof groupColumns)[number]
export type GroupColumns = Record<GroupColumn, Float64Array<ArrayBuffer>>

const groupFactsSchema = z.object({
  /** Points of the group, in or out of range, that have no finite x and so cannot be drawn on this axis. */
  withoutX: z.number().int().nonnegative(),
  /**
   * Whether every point counts in the bucket of its own x. Otherwise a point may count less than half a bucket beside it; no
   * point, and no extreme, is left out.
   */
  isExact: z.boolean(),
})

const answerHeaderSchema = z.object({
  v: z.literal(1),
  range: z.object({ from: z.number(), to: z.number() }).nullable(),
  buckets: z.number().int().positive(),
  groups: z.array(groupFactsSchema.extend({ length: z.number().int().nonnegative() })),
})

export type GroupSeries = z.infer<typeof groupFactsSchema> & { columns: GroupColumns }
/** The answer: the range that was cut (null without points), into how many buckets, and the groups as asked for. */
export type GroupsAnswer = { range: { from: number; to: number } | null; buckets: number; groups: GroupSeries[] }

/** Encodes an answer as one frame: each group's columns in the order of `groupColumns`. */
export function encodeGroupsAnswer({ range, buckets, groups }: GroupsAnswer): Uint8Array<ArrayBuffer> {
  const header = {
    v: 1,
    range,
    buckets,
    groups: groups.map(({ columns, ...facts }) => ({ ...facts, length: columns.bucket.length })),
  }
  return encodeFrame(
    header,
    groups.flatMap(({ columns }) => groupColumns.map((name) => columns[name])),
  )
}

/** Decodes an answer; columns are views on the bytes. Throws `KirokuError` when the bytes are not one. */
export function decodeGroupsAnswer(bytes: Uint8Array): GroupsAnswer {
  const frame = decodeFrame(bytes)
  const header = parseInput(answerHeaderSchema, frame.header, 'groups answer')
  let next = 0
  const groups = header.groups.map(({ length, ...facts }): GroupSeries => {
    const columns = groupColumnsFrom(() => float64Column(frame, next++, length))
    return { ...facts, columns }
  })
  if (next !== frame.columns.length)
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `groups answer: ${frame.columns.length} columns came, ${next} were named`,
    })
  return { range: header.range, buckets: header.buckets, groups }
}

/** Columns of a group, each made by its name, in the order of `groupColumns`. */
export function groupColumnsFrom(make: (name: GroupColumn) => Float64Array<ArrayBuffer>): GroupColumns {
  return {
    bucket: make('bucket'),
    runs: make('runs'),
    mean: make('mean'),
    std: make('std'),
    min: make('min'),
    q10: make('q10'),
    q25: make('q25'),
    median: make('median'),
    q75: make('q75'),
    q90: make('q90'),
    max: make('max'),
    count: make('count'),
    notFiniteCount: make('notFiniteCount'),
  }
}
