import * as z from 'zod'
import { KirokuError, parseInput } from './errors.ts'
import { type Column, decodeFrame, encodeFrame, type Frame, float64Column, uint32Column } from './frames.ts'
import { projectNameSchema, runSlugSchema, writerIdSchema } from './ids.ts'
import { defineMetricInputSchema, metricNameSchema } from './metrics.ts'
import { runLabelsPatchSchema, runStateSchema } from './runs.ts'
import { wireRecordSchema, wireValueSchema } from './values.ts'

/** `history` is what the script logs by step; `system` is what the machine did, by time. */
export const streamSchema = z.enum(['history', 'system'])
export type Stream = z.infer<typeof streamSchema>

/** The largest history batch that a server takes, in bytes. */
export const maxBatchBytes = 32 * 1024 * 1024

const seqSchema = z.number().int().positive()

/** What a writer says beside its rows, in one order with them. */
export const runUpdateSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('config'), seq: seqSchema, set: wireRecordSchema }),
  z.object({
    type: z.literal('summary'),
    seq: seqSchema,
    set: wireRecordSchema,
    unset: z.array(z.string()).default([]),
  }),
  z.object({ type: z.literal('define'), seq: seqSchema, definition: defineMetricInputSchema }),
  z.object({ type: z.literal('labels'), seq: seqSchema, set: runLabelsPatchSchema }),
  z.object({
    type: z.literal('finish'),
    seq: seqSchema,
    state: runStateSchema,
    exitCode: z.number().int().nullable(),
    time: z.number(),
  }),
])
export type RunUpdate = z.infer<typeof runUpdateSchema>

/** A history value that is not a number, kept as JSON. `time` is unix milliseconds. */
export const textPointSchema = z.object({
  seq: seqSchema,
  step: z.number().int(),
  time: z.number(),
  metric: metricNameSchema,
  value: wireValueSchema,
})
export type TextPoint = z.infer<typeof textPointSchema>

const blockHeaderSchema = z.object({
  rows: z.number().int().nonnegative(),
  metrics: z.array(z.object({ name: metricNameSchema, count: z.number().int().nonnegative(), isDense: z.boolean() })),
})

const batchHeaderSchema = z.object({
  v: z.literal(1),
  project: projectNameSchema,
  run: runSlugSchema,
  writer: writerIdSchema,
  firstSeq: seqSchema,
  lastSeq: z.number().int().nonnegative(),
  history: blockHeaderSchema,
  system: blockHeaderSchema,
  texts: z.array(textPointSchema),
  updates: z.array(runUpdateSchema),
})

/** One metric's values in a block. `rows` are the indices of its rows; null means all of them, in order. */
export type MetricColumn = { name: string; rows: Uint32Array<ArrayBuffer> | null; values: Float64Array<ArrayBuffer> }

/**
 * Rows in columns. `seqs`, `steps` and `times` (unix milliseconds) have one element a row and `seqs` rises strictly.
 * In a `system` block a row's step is its time.
 */
export type RowBlock = {
  seqs: Float64Array<ArrayBuffer>
  steps: Float64Array<ArrayBuffer>
  times: Float64Array<ArrayBuffer>
  metrics: MetricColumn[]
}

/**
 * What a writer sends: all its records from `firstSeq` to `lastSeq`, numbered from 1 over rows, texts and updates alike.
 * `lastSeq === firstSeq - 1` is an empty batch: a sign of life. Records that the server has already are passed over.
 */
export type HistoryBatch = Pick<
  z.infer<typeof batchHeaderSchema>,
  'project' | 'run' | 'writer' | 'firstSeq' | 'lastSeq' | 'texts' | 'updates'
> & {
  history: RowBlock
  system: RowBlock
}

/** The server's answer: everything up to `ackSeq` is on disk. The next batch may come after `nextBatchMs`. */
export const batchAckSchema = z.object({
  ackSeq: z.number().int().nonnegative(),
  nextBatchMs: z.number().int().nonnegative(),
  /** Values that could not be stored, each with the reason; everything else of the batch is. */
  rejected: z.array(z.object({ metric: z.string(), reason: z.string() })).default([]),
})
export type BatchAck = z.infer<typeof batchAckSchema>

/** A block without rows. */
export function emptyRowBlock(): RowBlock {
  return { seqs: new Float64Array(0), steps: new Float64Array(0), times: new Float64Array(0), metrics: [] }
}

function blockColumns(block: RowBlock): Column[] {
  const perMetric = block.metrics.flatMap((metric) =>
    metric.rows === null ? [metric.values] : [metric.rows, metric.values],
  )
  return [block.seqs, block.steps, block.times, ...perMetric]
}

function blockHeader(block: RowBlock): z.infer<typeof blockHeaderSchema> {
  return {
    rows: block.seqs.length,
    metrics: block.metrics.map(({ name, rows, values }) => ({ name, count: values.length, isDense: rows === null })),
  }
}

/** Encodes a batch as one frame. */
export function encodeHistoryBatch(batch: HistoryBatch): Uint8Array<ArrayBuffer> {
  const { history, system, ...rest } = batch
  const header = { v: 1, ...rest, history: blockHeader(history), system: blockHeader(system) }
  return encodeFrame(header, [...blockColumns(history), ...blockColumns(system)])
}

/** Decodes and checks a batch. Throws `KirokuError` BAD_REQUEST that names what is wrong. */
export function decodeHistoryBatch(bytes: Uint8Array): HistoryBatch {
  const frame = decodeFrame(bytes)
  const { v: _version, history, system, ...rest } = parseInput(batchHeaderSchema, frame.header, 'history batch')
  if (rest.lastSeq < rest.firstSeq - 1) throw wrong(`lastSeq: ${rest.lastSeq} is below firstSeq ${rest.firstSeq}`)
  const cursor = { next: 0 }
  const batch = { ...rest, history: readBlock(frame, history, cursor), system: readBlock(frame, system, cursor) }
  if (cursor.next !== frame.columns.length)
    throw wrong(`${frame.columns.length} columns came, ${cursor.next} were named`)
  return batch
}

const wrong = (why: string): KirokuError => new KirokuError({ code: 'BAD_REQUEST', message: `history batch: ${why}` })

function readBlock(frame: Frame, header: z.infer<typeof blockHeaderSchema>, cursor: { next: number }): RowBlock {
  const { rows } = header
  const seqs = float64Column(frame, cursor.next++, rows)
  const steps = float64Column(frame, cursor.next++, rows)
  const times = float64Column(frame, cursor.next++, rows)
  checkRows(seqs, steps, times)
  const metrics = header.metrics.map(({ name, count, isDense }) => {
    if (isDense && count !== rows) throw wrong(`${name}: ${count} values for ${rows} rows`)
    const indices = isDense ? null : uint32Column(frame, cursor.next++, count)
    indices?.forEach((row, index) => {
      if (row >= rows || (index > 0 && row <= (indices[index - 1] ?? 0)))
        throw wrong(`${name}: rows must rise and stay below ${rows}`)
    })
    return { name, rows: indices, values: float64Column(frame, cursor.next++, count) }
  })
  return { seqs, steps, times, metrics }
}

function checkRows(seqs: Float64Array, steps: Float64Array, times: Float64Array): void {
  let last = 0
  for (let row = 0; row < seqs.length; row++) {
    const seq = seqs[row] ?? Number.NaN
    if (!Number.isSafeInteger(seq) || seq <= last)
      throw wrong(`row ${row}: sequence numbers must be whole and rise, ${seq} came after ${last}`)
    if (!Number.isSafeInteger(steps[row])) throw wrong(`row ${row}: a step must be a whole number, not ${steps[row]}`)
    if (!Number.isFinite(times[row])) throw wrong(`row ${row}: a time must be finite, not ${times[row]}`)
    last = seq
  }
}
