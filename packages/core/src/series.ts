import * as z from 'zod'
import { xAxisChoiceSchema, xAxisSchema } from './axes.ts'
import { KirokuError, parseInput } from './errors.ts'
import { type Column, decodeFrame, encodeFrameParts, float64Column } from './frames.ts'
import { streamSchema } from './history.ts'
import { runSlugSchema } from './ids.ts'
import { metricNameSchema } from './metrics.ts'
import { projectPathSchema } from './projects.ts'

/** The most series one request may name. */
export const maxSeriesPerRequest = 2000

/** The most buckets one request may ask for, over all its series: an answer has at most some 100 MB. */
export const maxBucketsPerRequest = 1_000_000

/**
 * One chart's request: many series, one x axis, the visible range of x (all of it when left out) and the plot's width in
 * pixels. A series with more than `2 * width` points in range comes in `width` buckets, a smaller one as its points.
 */
export const seriesRequestSchema = projectPathSchema
  .extend({
    series: z
      .array(z.object({ run: runSlugSchema, metric: metricNameSchema, stream: streamSchema.default('history') }))
      .min(1)
      .max(maxSeriesPerRequest, `a request may name at most ${maxSeriesPerRequest} series`),
    x: xAxisChoiceSchema.default({ kind: 'bound' }),
    range: z
      .object({ from: z.number(), to: z.number() })
      .refine(({ from, to }) => from <= to, 'from must not be above to')
      .optional(),
    width: z.number().int().min(1).max(8192),
  })
  .refine(({ series, width }) => series.length * width <= maxBucketsPerRequest, {
    path: ['series'],
    message: `series times width must not exceed ${maxBucketsPerRequest}: ask for fewer series at once, or a smaller width`,
  })
export type SeriesRequest = z.input<typeof seriesRequestSchema>

/** The columns of a series that comes as its points, sorted by x, then step. `x` is finite; `y` may be anything. */
export const pointColumns = ['x', 'y', 'step', 'time'] as const

/**
 * The columns of a series that comes in buckets, one element a bucket that has points, sorted by x. First and last are
 * by x and their y is finite; min and max are of finite values and come with their x, the least where equal ones are
 * several. In a bucket without a finite value the y of all four is NaN and their x is the first point's. `sum` is of
 * finite values; `count` is of all points.
 */
export const bucketColumns = [
  'firstX',
  'firstY',
  'minX',
  'minY',
  'maxX',
  'maxY',
  'lastX',
  'lastY',
  'count',
  'sum',
  'nanCount',
  'positiveInfinityCount',
  'negativeInfinityCount',
] as const

const answeredSeriesSchema = z.object({
  run: runSlugSchema,
  metric: metricNameSchema,
  stream: streamSchema,
  /** The axis that was used: for `bound` what the run's definitions bind the metric to. */
  x: xAxisSchema,
  form: z.enum(['points', 'buckets']),
  /** Rows in the columns. */
  length: z.number().int().nonnegative(),
  /** Points in range. `form: 'points'` is exact; otherwise one bucket stands for `count / length` points. */
  count: z.number().int().nonnegative(),
  /** Points in the whole series that have no finite x and so cannot be drawn on this axis. */
  withoutX: z.number().int().nonnegative(),
})

/** Why an answer lacks points: parts of the metric store that did not answer, and what a reader is told. */
const partialSchema = z.object({ missingShards: z.array(z.number().int()), message: z.string() })
export type PartialAnswer = z.infer<typeof partialSchema>

const answerHeaderSchema = z.object({
  v: z.literal(1),
  /** The range that was cut in buckets: the requested one, or the extent of x over all series; null without points. */
  range: z.object({ from: z.number(), to: z.number() }).nullable(),
  series: z.array(answeredSeriesSchema),
  /** Left out of an answer that is whole. */
  partial: partialSchema.optional(),
})

type PointColumn = (typeof pointColumns)[number]
type BucketColumn = (typeof bucketColumns)[number]
type SeriesFacts = Omit<z.infer<typeof answeredSeriesSchema>, 'form' | 'length'>

export type PointSeries = SeriesFacts & { form: 'points'; columns: Record<PointColumn, Float64Array<ArrayBuffer>> }
export type BucketSeries = SeriesFacts & { form: 'buckets'; columns: Record<BucketColumn, Float64Array<ArrayBuffer>> }
export type Series = PointSeries | BucketSeries

/**
 * The answer to a series request: its series in the order asked for. With `partial`, those of some runs have no points
 * though the runs may have some.
 */
export type SeriesAnswer = {
  range: { from: number; to: number } | null
  series: Series[]
  partial?: PartialAnswer | undefined
}

const columnsOf = (series: Series): Column[] =>
  series.form === 'points'
    ? pointColumns.map((name) => series.columns[name])
    : bucketColumns.map((name) => series.columns[name])

/**
 * Encodes an answer as one frame, in parts that follow each other: each series' columns in the order of `pointColumns` or
 * `bucketColumns`.
 */
export function encodeSeriesAnswer(answer: SeriesAnswer): Uint8Array<ArrayBuffer>[] {
  const header = {
    v: 1,
    range: answer.range,
    ...(answer.partial && { partial: answer.partial }),
    series: answer.series.map((series) => {
      const { columns, ...facts } = series
      return { ...facts, length: Object.values(columns)[0]?.length ?? 0 }
    }),
  }
  return encodeFrameParts(header, answer.series.flatMap(columnsOf))
}

/** Decodes an answer; columns are views on the bytes. Throws `KirokuError` when the bytes are not one. */
export function decodeSeriesAnswer(bytes: Uint8Array): SeriesAnswer {
  const frame = decodeFrame(bytes)
  const header = parseInput(answerHeaderSchema, frame.header, 'series answer')
  let next = 0
  const series = header.series.map((entry): Series => {
    const { form, length, ...facts } = entry
    const read = (): Float64Array<ArrayBuffer> => float64Column(frame, next++, length)
    if (form === 'points') return { ...facts, form, columns: { x: read(), y: read(), step: read(), time: read() } }
    return {
      ...facts,
      form,
      columns: {
        firstX: read(),
        firstY: read(),
        minX: read(),
        minY: read(),
        maxX: read(),
        maxY: read(),
        lastX: read(),
        lastY: read(),
        count: read(),
        sum: read(),
        nanCount: read(),
        positiveInfinityCount: read(),
        negativeInfinityCount: read(),
      },
    }
  })
  if (next !== frame.columns.length)
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `series answer: ${frame.columns.length} columns came, ${next} were named`,
    })
  return { range: header.range, series, ...(header.partial && { partial: header.partial }) }
}
