import * as z from 'zod'
import { type XAxis, xAxisChoiceSchema, xAxisSchema } from './axes.ts'
import {
  type BucketColumns,
  type BucketTable,
  bucketColumns,
  bucketColumnsBy,
  packedFields,
  type TableRows,
  unpackBuckets,
} from './bucket-columns.ts'
import { KirokuError, parseInput } from './errors.ts'
import { decodeFrame, encodeFrameParts, float64Column } from './frames.ts'
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
    /** Whether points over steps come with their times: of many series they take a fifth of the answer's time. */
    times: z.boolean().default(true),
  })
  .refine(({ series, width }) => series.length * width <= maxBucketsPerRequest, {
    path: ['series'],
    message: `series times width must not exceed ${maxBucketsPerRequest}: ask for fewer series at once, or a smaller width`,
  })
export type SeriesRequest = z.input<typeof seriesRequestSchema>

/**
 * The columns of a series that comes as its points, sorted by x, then step. `x` is finite; `y` may be anything; `time` is NaN where
 * the request was for none.
 */
export const pointColumns = ['x', 'y', 'step', 'time'] as const

const wholeNumber = z.number().int().nonnegative()

const answeredSeriesSchema = z.object({
  run: runSlugSchema,
  metric: metricNameSchema,
  stream: streamSchema,
  /** The axis that was used: for `bound` what the run's definitions bind the metric to. */
  x: xAxisSchema,
  form: z.enum(['points', 'buckets', 'packed']),
  /** Rows in the columns; of a packed series which rows it is, as [table, from, to], the latter left out. */
  length: wholeNumber,
  rows: z.array(z.tuple([wholeNumber, wholeNumber, wholeNumber])).optional(),
  /** Left out of points without times. */
  isTimed: z.boolean().optional(),
  /** Points in range. `form: 'points'` is exact; otherwise one bucket stands for `count / length` points. */
  count: wholeNumber,
  /** Points in the whole series that have no finite x and so cannot be drawn on this axis. */
  withoutX: wholeNumber,
})

/** Why an answer lacks points: parts of the metric store that did not answer, and what a reader is told. */
const partialSchema = z.object({ missingShards: z.array(z.number().int()), message: z.string() })
export type PartialAnswer = z.infer<typeof partialSchema>

const answerHeaderSchema = z.object({
  v: z.literal(3),
  /** The range that was cut in buckets: the requested one, or the extent of x over all series; null without points. */
  range: z.object({ from: z.number(), to: z.number() }).nullable(),
  series: z.array(answeredSeriesSchema),
  /** The tables that packed series are rows of, in buckets. */
  tables: z.array(wholeNumber),
  /** Left out of an answer that is whole. */
  partial: partialSchema.optional(),
})

type SeriesFacts = Omit<z.infer<typeof answeredSeriesSchema>, 'form' | 'length' | 'rows' | 'isTimed'>
type PointColumns = Record<(typeof pointColumns)[number], Float64Array<ArrayBuffer>>

export type PointSeries = SeriesFacts & { form: 'points'; columns: PointColumns }
export type BucketSeries = SeriesFacts & { form: 'buckets'; columns: BucketColumns }
/** Buckets as they are stored, over steps; whoever receives them has a `BucketSeries`. */
export type PackedSeries = SeriesFacts & { form: 'packed'; rows: readonly TableRows[] }
export type Series = PointSeries | BucketSeries

/**
 * The answer to a series request: its series in the order asked for. With `partial`, those of some runs have no points
 * though the runs may have some.
 */
export type SeriesAnswer<Of = Series> = {
  range: { from: number; to: number } | null
  series: Of[]
  partial?: PartialAnswer | undefined
}

/** Points without times may have none, instead of NaN. */
const isTimed = ({ columns: { x, time } }: PointSeries): boolean => time.length === x.length

type PointColumn = (typeof pointColumns)[number]

/** Whether a column of points is sent: over steps x is not sent twice. */
const isSent = (name: PointColumn, { x, isTimed }: { x: XAxis; isTimed: boolean }): boolean =>
  name === 'step' ? x.kind !== 'step' : name !== 'time' || isTimed

/**
 * Encodes an answer as one frame, in parts that follow each other: `starts` and `fields` of each table, which is sent whole and
 * once, then each series' `bucketColumns`, then each of `pointColumns` of all series that come as points: those that lie side by side in
 * memory, as points of many series do that one statement read, are not copied on their way out.
 */
export function encodeSeriesAnswer(answer: SeriesAnswer<Series | PackedSeries>): Uint8Array<ArrayBuffer>[] {
  const places = new Map<BucketTable, number>()
  const placeOf = (table: BucketTable): number => {
    const place = places.get(table) ?? places.size
    places.set(table, place)
    return place
  }
  const rowsOf = ({ table, from, to }: TableRows): [number, number, number] => [placeOf(table), from, to]
  const series = answer.series.map((entry): z.input<typeof answeredSeriesSchema> => {
    const { run, metric, stream, x, form, count, withoutX } = entry
    const length =
      entry.form === 'points' ? entry.columns.x.length : entry.form === 'buckets' ? entry.columns.count.length : 0
    const rows = entry.form === 'packed' ? entry.rows.map(rowsOf) : undefined
    return {
      run,
      metric,
      stream,
      x,
      form,
      length,
      rows,
      isTimed: (entry.form === 'points' && isTimed(entry)) || undefined,
      count,
      withoutX,
    }
  })
  const tables = [...places.keys()]
  const header = {
    v: 3,
    range: answer.range,
    ...(answer.partial && { partial: answer.partial }),
    series,
    tables: tables.map(({ starts }) => starts.length),
  }
  const pointSeries = answer.series.filter((entry) => entry.form === 'points')
  return encodeFrameParts(header, [
    ...tables.flatMap(({ starts, fields }) => [starts, fields]),
    ...answer.series.flatMap((entry) =>
      entry.form === 'buckets' ? bucketColumns.map((name) => entry.columns[name]) : [],
    ),
    ...pointColumns.flatMap((name) =>
      pointSeries.flatMap((entry) =>
        isSent(name, { x: entry.x, isTimed: isTimed(entry) }) ? [entry.columns[name]] : [],
      ),
    ),
  ])
}

/** Decodes an answer; columns are views on the bytes. Throws `KirokuError` when the bytes are not one. */
export function decodeSeriesAnswer(bytes: Uint8Array): SeriesAnswer {
  const frame = decodeFrame(bytes)
  const header = parseInput(answerHeaderSchema, frame.header, 'series answer')
  let next = 0
  const read = (length: number): Float64Array<ArrayBuffer> => float64Column(frame, next++, length)
  const tables = header.tables.map((length) => ({
    starts: read(length),
    fields: read(length * packedFields.length),
  }))
  const buckets = header.series.map(({ form, length }) =>
    form === 'buckets' ? bucketColumnsBy(() => read(length)) : null,
  )
  const points: Partial<PointColumns>[] = header.series.map(() => ({}))
  for (const name of pointColumns)
    header.series.forEach(({ form, length, x, isTimed: hasTimes = false }, index) => {
      const columns = points[index]
      if (columns && form === 'points' && isSent(name, { x, isTimed: hasTimes })) columns[name] = read(length)
    })
  const series = header.series.map(({ form, length, rows = [], isTimed: _, ...facts }, index): Series => {
    if (form === 'packed') return { ...facts, form: 'buckets', columns: unpackBuckets(rows.map(rowsIn(tables))) }
    const cut = buckets[index]
    if (cut) return { ...facts, form: 'buckets', columns: cut }
    const { x = none, y = none, step = x, time = new Float64Array(length).fill(Number.NaN) } = points[index] ?? {}
    return { ...facts, form: 'points', columns: { x, y, step, time } }
  })
  if (next !== frame.columns.length)
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `series answer: ${frame.columns.length} columns came, ${next} were named`,
    })
  return { range: header.range, series, ...(header.partial && { partial: header.partial }) }
}

const none = new Float64Array(0)

const rowsIn =
  (tables: readonly BucketTable[]) =>
  ([place, from, to]: [number, number, number]): TableRows => {
    const table = tables[place]
    if (table && from <= to && to <= table.starts.length) return { table, from, to }
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `series answer: table ${place} has no rows ${from} to ${to}`,
    })
  }
