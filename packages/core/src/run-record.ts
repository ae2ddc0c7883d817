import * as z from 'zod'
import { runSlugSchema } from './ids.ts'
import { metricDefinitionSchema } from './metrics.ts'
import {
  gitFactsSchema,
  hostFactsSchema,
  maxTimeMs,
  runLabelsSchema,
  runSegmentSchema,
  runStateSchema,
  writerLabelSchema,
} from './runs.ts'
import { wireRecordSchema } from './values.ts'

const timeSchema = z.number().min(-maxTimeMs).max(maxTimeMs)
const stepSchema = z.number().int()

/** One process that wrote to a run, as `runs.create` took it in and its finish left it. Times are unix milliseconds. */
export const writerRecordSchema = z.object({
  label: writerLabelSchema.nullable(),
  createdAt: timeSchema,
  startedAt: timeSchema,
  heartbeatAt: timeSchema,
  finishedAt: timeSchema.nullable(),
  finishState: runStateSchema.nullable(),
  exitCode: z.int32().nullable(),
  startingStep: stepSchema.nonnegative(),
  runtimeBeforeMs: z.number().nonnegative(),
  isResumed: z.boolean(),
  /** The run was rewound after it began. */
  isSuperseded: z.boolean(),
})
export type WriterRecord = z.infer<typeof writerRecordSchema>

/**
 * Everything that is known of a run beside its points, texts, lines and files, so that it can be made again elsewhere: what
 * `runs.record` answers and an `imported` update brings. `config` and `summary` are in wire form, and `explicitSummary`
 * names the summary entries that a definition's change leaves alone. Writers come in the order of their start.
 */
export const runRecordSchema = runLabelsSchema.extend({
  slug: runSlugSchema,
  state: runStateSchema,
  config: wireRecordSchema,
  summary: wireRecordSchema,
  explicitSummary: z.array(z.string()),
  createdAt: timeSchema,
  startedAt: timeSchema,
  finishedAt: timeSchema.nullable(),
  heartbeatAt: timeSchema,
  exitCode: z.int32().nullable(),
  lastStep: z.number().nullable(),
  isShared: z.boolean(),
  /** The id of the sweep that it belongs to. */
  sweep: z.string().max(128).nullable().default(null),
  /** The step that the next row of a shared run gets. */
  nextStep: stepSchema.nonnegative(),
  git: gitFactsSchema,
  host: hostFactsSchema,
  definitions: z.array(metricDefinitionSchema),
  /** The stretches of time that a fork took over from its parent. */
  earlierSegments: z.array(runSegmentSchema),
  writers: z.array(writerRecordSchema).min(1),
})
export type RunRecord = z.infer<typeof runRecordSchema>
