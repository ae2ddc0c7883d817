import * as z from 'zod'
import { describeIssues, KirokuError, parseInput } from './errors.ts'
import { fileFactsSchema } from './files.ts'
import { type Column, decodeFrame, encodeFrame, type Frame, float64Column, uint32Column } from './frames.ts'
import { projectNameSchema, runSlugSchema, writerIdSchema } from './ids.ts'
import { defineMetricInputSchema, metricNameSchema } from './metrics.ts'
import { runRecordSchema } from './run-record.ts'
import { gitFactsSchema, hostFactsSchema, maxTimeMs, runLabelsPatchSchema, runStateSchema } from './runs.ts'
import { isRecord, isStorableText, wireRecordSchema, wireValueSchema } from './values.ts'

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
    exitCode: z.int32().nullable(),
    time: z.number().min(-maxTimeMs).max(maxTimeMs),
  }),
  /**
   * The run has a file at `path`, in the place of one that was there. Its content was uploaded before. `createdAt` (unix
   * milliseconds) is now when it is left out.
   */
  fileFactsSchema.extend({ type: z.literal('file'), seq: seqSchema, createdAt: z.number().optional() }),
  /**
   * The writer's machine is about to be taken away: a run that then falls silent or fails is `preempted`, until a writer goes on
   * with it.
   */
  z.object({ type: z.literal('preempting'), seq: seqSchema }),
  /** What takes a moment to find out at a script's start. What is left out stays as the run has it. */
  z.object({
    type: z.literal('facts'),
    seq: seqSchema,
    git: gitFactsSchema.optional(),
    host: hostFactsSchema.optional(),
  }),
  /**
   * The last word of an import: the run is as it was where it comes from, whatever its stream made of it. `writers` are the
   * ids of those that took the places of the record's writers, in their order; the run has no others.
   */
  z.object({
    type: z.literal('imported'),
    seq: seqSchema,
    run: runRecordSchema,
    writers: z.array(writerIdSchema),
  }),
])
export type RunUpdate = z.infer<typeof runUpdateSchema>

/** A history value that is not a number, kept as JSON. `time` is unix milliseconds. */
export const textPointSchema = z.object({
  seq: seqSchema,
  step: z.number().int(),
  time: z.number().min(-maxTimeMs).max(maxTimeMs),
  metric: metricNameSchema,
  value: wireValueSchema,
})
export type TextPoint = z.infer<typeof textPointSchema>

/** The longest console line that is kept, in characters; what is longer is cut, and says so. */
export const maxConsoleLineLength = 8192

/**
 * One line that a script printed, numbered from 0 for each writer over both streams. A line that comes again, as a
 * progress bar's does, replaces the one of its number. `time` (unix milliseconds) is when it was begun.
 */
export const consoleLineSchema = z.object({
  seq: seqSchema,
  line: z.number().int().nonnegative(),
  stream: z.enum(['stdout', 'stderr']),
  time: z.number().min(-maxTimeMs).max(maxTimeMs),
  text: z.string().max(maxConsoleLineLength).refine(isStorableText, 'a line must be well-formed text without NUL'),
})
export type ConsoleLine = z.infer<typeof consoleLineSchema>

const blockHeaderSchema = z.object({
  rows: z.number().int().nonnegative(),
  metrics: z.array(z.object({ name: z.string(), count: z.number().int().nonnegative(), isDense: z.boolean() })),
})

/** What must be right for a batch to be read at all; texts and updates are judged one by one. */
const batchHeaderSchema = z.object({
  v: z.literal(1),
  project: projectNameSchema,
  run: runSlugSchema,
  writer: writerIdSchema,
  firstSeq: seqSchema,
  lastSeq: z.number().int().nonnegative(),
  history: blockHeaderSchema,
  system: blockHeaderSchema,
  texts: z.array(z.unknown()),
  updates: z.array(z.unknown()),
  console: z.array(z.unknown()).default([]),
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
 * What a writer sends: all its records from `firstSeq` to `lastSeq`, numbered from 1 over rows, texts, updates
 * and console lines alike.
 * `lastSeq === firstSeq - 1` is an empty batch: a sign of life. Records that the server has already are passed over.
 */
export type HistoryBatch = Pick<
  z.infer<typeof batchHeaderSchema>,
  'project' | 'run' | 'writer' | 'firstSeq' | 'lastSeq'
> & {
  texts: TextPoint[]
  updates: RunUpdate[]
  console: ConsoleLine[]
  history: RowBlock
  system: RowBlock
}

/** Something of a batch that cannot be stored, by the metric's or the update's name. */
export const rejectionSchema = z.object({ metric: z.string(), reason: z.string() })
export type Rejection = z.infer<typeof rejectionSchema>

/** The server's answer: everything up to `ackSeq` is on disk. The next batch may come after `nextBatchMs`. */
export const batchAckSchema = z.object({
  ackSeq: z.number().int().nonnegative(),
  nextBatchMs: z.number().int().nonnegative(),
  /** Values that could not be stored, each with the reason; everything else of the batch is. */
  rejected: z.array(rejectionSchema).default([]),
  /** Other scripts that are writing to the run now. */
  otherWriters: z.number().int().nonnegative().default(0),
  /** Somebody asked the run's script to end. */
  isStopAsked: z.boolean().default(false),
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
  const { batch, rejected } = readHistoryBatch(bytes)
  const [first] = rejected
  if (first) throw wrong(`${first.metric}: ${first.reason}`)
  return batch
}

/**
 * Decodes a batch, leaving out the metrics, texts and updates that cannot be stored, each with the reason: one bad value
 * never drops the good ones. Throws `KirokuError` BAD_REQUEST when the batch as a whole cannot be read, and when more than
 * ten thousand of its values cannot be stored.
 */
export function readHistoryBatch(bytes: Uint8Array): { batch: HistoryBatch; rejected: Rejection[] } {
  const frame = decodeFrame(bytes)
  const header = parseInput(batchHeaderSchema, frame.header, 'history batch')
  const { v: _version, history, system, texts, updates, console: lines, ...rest } = header
  if (rest.lastSeq < rest.firstSeq - 1) throw wrong(`lastSeq: ${rest.lastSeq} is below firstSeq ${rest.firstSeq}`)
  const cursor = { next: 0 }
  const rejected: Rejection[] = []
  const readWell = (block: z.infer<typeof blockHeaderSchema>): RowBlock => {
    const read = readBlock(frame, block, cursor)
    const seen = new Set<string>()
    const metrics = read.metrics.filter(({ name }) => {
      if (!keepParsed(metricNameSchema, name, name, rejected)) return false
      if (seen.has(name))
        rejected.push({ metric: name.slice(0, longestNameShown), reason: 'it comes twice in a block' })
      return !seen.has(name) && seen.add(name)
    })
    return { ...read, metrics }
  }
  const batch = {
    ...rest,
    history: readWell(history),
    system: readWell(system),
    texts: texts.flatMap((text) => keepParsed(textPointSchema, text, nameOf(text, 'metric'), rejected)?.value ?? []),
    updates: updates.flatMap((update) => {
      return keepParsed(runUpdateSchema, update, nameOf(update, 'type'), rejected)?.value ?? []
    }),
    console: lines.flatMap((line) => keepParsed(consoleLineSchema, line, 'console', rejected)?.value ?? []),
  }
  if (cursor.next !== frame.columns.length)
    throw wrong(`${frame.columns.length} columns came, ${cursor.next} were named`)
  return { batch, rejected }
}

const longestNameShown = 100
/** To judge more than so many values that cannot be stored would keep the server from everything else. */
const maxRejections = 10_000

function keepParsed<T>(
  schema: z.ZodType<T>,
  input: unknown,
  name: string,
  rejected: Rejection[],
): { value: T } | undefined {
  const reject = (reason: string): undefined => {
    if (rejected.length >= maxRejections)
      throw wrong(
        `more than ${maxRejections} of its values cannot be stored; the last: ${name.slice(0, longestNameShown)}: ${reason}`,
      )
    rejected.push({ metric: name.slice(0, longestNameShown), reason })
  }
  try {
    const result = schema.safeParse(input)
    return result.success ? { value: result.data } : reject(describeIssues(result.error))
  } catch (cause) {
    if (cause instanceof RangeError) return reject('it is nested too deeply')
    throw cause
  }
}

function nameOf(value: unknown, field: string): string {
  return isRecord(value) && typeof value[field] === 'string' ? value[field] : field
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
    const time = times[row] ?? Number.NaN
    if (!Number.isFinite(time)) throw wrong(`row ${row}: a time must be finite, not ${time}`)
    if (Math.abs(time) > maxTimeMs) throw wrong(`row ${row}: a time must be one that a date can hold, not ${time}`)
    last = seq
  }
}
