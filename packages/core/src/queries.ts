import * as z from 'zod'
import { xAxisSchema } from './axes.ts'
import { customChartSchema } from './custom-chart.ts'
import { runFileSchema, sha256Schema } from './files.ts'
import { consoleLineSchema, streamSchema } from './history.ts'
import { apiKeySchema, organizationSlugSchema, runSlugSchema } from './ids.ts'
import { goalSchema, metricDefinitionSchema } from './metrics.ts'
import { deletedOrganizationSchema, projectPathSchema } from './projects.ts'
import { runFilterSchema, runOrderSchema } from './run-filters.ts'
import { runPathSchema } from './run-paths.ts'
import {
  runLabelsPatchSchema,
  runMetricSchema,
  runSchema,
  runSegmentSchema,
  runStateSchema,
  tagSchema,
  writerLabelSchema,
} from './runs.ts'
import { isStorableText, wireRecordSchema, wireValueSchema } from './values.ts'

const notStorable = 'expected well-formed text without NUL'
const soughtTextSchema = z.string().refine(isStorableText, notStorable)

/** The address of one run. */
export const runAddressSchema = projectPathSchema.extend({ run: runSlugSchema })
export type RunAddress = z.infer<typeof runAddressSchema>

/** The most columns that are asked for of runs. */
export const maxRunColumns = 1000
/** The longest cursor of a list of runs: it has the values that the last run of a page was sorted by. */
export const maxRunCursorLength = 16_384

/**
 * `runs.list`: newest first, unless `order` says otherwise. A run is listed when all that is given is true of it: `filter`
 * says anything; the others are short for what is asked most. `search` is looked for in ids, names, groups and tags, without
 * regard to case.
 */
export const runListInputSchema = projectPathSchema.extend({
  search: soughtTextSchema.max(256).optional(),
  states: z.array(runStateSchema).optional(),
  tags: z.array(tagSchema.refine(isStorableText, notStorable)).optional(),
  group: soughtTextSchema.optional(),
  filter: runFilterSchema.optional(),
  order: runOrderSchema.default([]),
  /** What of config and summary to answer, under flat dotted names; all of them as they are when it is left out. */
  columns: z.array(runPathSchema).max(maxRunColumns).optional(),
  limit: z.number().int().min(1).max(1000).default(200),
  /** The `nextCursor` of the page before, of the same order. */
  cursor: z.string().max(maxRunCursorLength).optional(),
})
export type RunListInput = z.input<typeof runListInputSchema>

/** One page of runs, and how many match in all. */
export const runPageSchema = z.object({
  runs: z.array(runSchema),
  total: z.number().int().nonnegative(),
  nextCursor: z.string().nullable(),
})
export type RunPage = z.infer<typeof runPageSchema>

/** `projects.list`: of one organization, or of all that the caller may look in. */
export const projectListInputSchema = z.object({ organization: organizationSlugSchema.optional() })
export type ProjectListInput = z.input<typeof projectListInputSchema>

/** A change to a record: entries to set, in wire form, then names to remove, as they are without wire form. */
const recordPatchSchema = z.object({ set: wireRecordSchema.default({}), unset: z.array(z.string()).default([]) })

/**
 * `runs.update`: changes labels, config (by top-level key) and summary (by flat dotted name); what is left out stays. A
 * summary value that is set stands until the metric is logged again.
 */
export const updateRunInputSchema = runAddressSchema.extend({
  set: runLabelsPatchSchema.default({}),
  config: recordPatchSchema.optional(),
  summary: recordPatchSchema.optional(),
})
export type UpdateRunInput = z.input<typeof updateRunInputSchema>

/** `metrics.list`: the metrics of these runs, or of all runs of the project when `runs` is left out. */
export const metricListInputSchema = projectPathSchema.extend({
  runs: z.array(runSlugSchema).max(2000).optional(),
})
export type MetricListInput = z.input<typeof metricListInputSchema>

/** A metric as charts need it, resolved over the asked runs' definitions: the newest run that has it decides. */
export const metricInfoSchema = z.object({
  name: z.string(),
  stream: streamSchema,
  runCount: z.number().int().nonnegative(),
  /** The axis that `bound` stands for. */
  x: xAxisSchema,
  unit: z.string().nullable(),
  goal: goalSchema.nullable(),
  isHidden: z.boolean(),
  /** True when some other metric is bound to this one: it is an axis more than a curve. */
  isStepMetric: z.boolean(),
})
export type MetricInfo = z.infer<typeof metricInfoSchema>

/** `metrics.byRun`: everything one run's page shows of its metrics. `segments` are sorted by their start. */
export const runMetricsSchema = z.object({
  metrics: z.array(runMetricSchema),
  definitions: z.array(metricDefinitionSchema),
  segments: z.array(runSegmentSchema).default([]),
})
export type RunMetrics = z.infer<typeof runMetricsSchema>

/**
 * `texts.byRun`: what a run logged that is not a number; of one metric, or of all, from step `from` to step `to`, both
 * included. Where more than `limit` match, or than 32 MiB hold, those of the highest steps come, or of the lowest where `order`
 * is `first`; with `metric`, ask again with `to` below the first of them, or `from` above the last, until none come, for the
 * others. `to` and a `limit` of 1 give the value that stood at a step.
 */
export const textListInputSchema = runAddressSchema.extend({
  metric: soughtTextSchema.optional(),
  from: z.number().int().optional(),
  to: z.number().int().optional(),
  limit: z.number().int().min(1).max(10_000).default(1000),
  order: z.enum(['first', 'last']).default('last'),
})
export type TextListInput = z.input<typeof textListInputSchema>

/**
 * What the values of a text metric are, by the newest of them: `file` is what is only offered for download, `text` all that is
 * not media.
 */
export const textKindSchema = z.enum([
  'text',
  'image',
  'images',
  'histogram',
  'table',
  'audio',
  'video',
  'html',
  'plotly',
  'file',
])
export type TextKind = z.infer<typeof textKindSchema>

/** `texts.metrics`: one metric of a run whose values are not numbers, and over which steps it has how many. */
export const textMetricSchema = z.object({
  metric: z.string(),
  kind: textKindSchema,
  count: z.number().int().nonnegative(),
  firstStep: z.number(),
  lastStep: z.number(),
  /** How a table is to be drawn, where its client said so. */
  chart: customChartSchema.optional(),
})
export type TextMetric = z.infer<typeof textMetricSchema>

/** The most steps that `texts.steps` answers; of more the last come. `texts.metrics` tells how many there are. */
export const maxTextSteps = 10_000

/** `texts.steps`: the steps at which a run logged one metric that is not a number, ascending. */
export const textStepsInputSchema = runAddressSchema.extend({ metric: soughtTextSchema })
export type TextStepsInput = z.input<typeof textStepsInputSchema>
export const textStepsSchema = z.array(z.number())

/** One logged value that is not a number. `time` is unix milliseconds; `value` is in wire form. */
export const runTextSchema = z.object({
  metric: z.string(),
  step: z.number(),
  time: z.number(),
  value: wireValueSchema,
})
export type RunText = z.infer<typeof runTextSchema>

/** `viewer.me`: who asks, and where they may look. */
export const viewerSchema = z.object({
  name: z.string(),
  email: z.string().nullable(),
  /** How the caller proved it: a key, or a session cookie. */
  via: z.enum(['key', 'session']),
  organizations: z.array(z.object({ slug: organizationSlugSchema, name: z.string() })),
  /** The one of them that the server was set up with, which cannot be deleted; null when it is none of them. */
  home: organizationSlugSchema.nullable().default(null),
  /** Those that were deleted and can still be restored. */
  deletedOrganizations: z.array(deletedOrganizationSchema).default([]),
})
export type Viewer = z.infer<typeof viewerSchema>

/** An API key as it is listed: never the key itself. */
export const apiKeyInfoSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  /** Its last four characters, to tell keys apart. */
  hint: z.string(),
  createdAt: z.number(),
  lastUsedAt: z.number().nullable(),
})
export type ApiKeyInfo = z.infer<typeof apiKeyInfoSchema>

/** `keys.list`: the keys of one organization. */
export const keyListInputSchema = z.object({ organization: organizationSlugSchema })
export type KeyListInput = z.input<typeof keyListInputSchema>

/** `keys.revoke`: the key stops to work at once (where several servers run, within seconds), and so do its sessions. */
export const revokeKeyInputSchema = z.object({ organization: organizationSlugSchema, id: z.uuid() })
export type RevokeKeyInput = z.input<typeof revokeKeyInputSchema>

/** `keys.create`: answers the new key, the only time that it is seen. */
export const createKeyInputSchema = z.object({
  organization: organizationSlugSchema,
  name: soughtTextSchema.min(1).max(64),
})
export const createdKeySchema = apiKeyInfoSchema.extend({ key: apiKeySchema })
export type CreatedKey = z.infer<typeof createdKeySchema>

/** `files.offer`: asks which of these contents the server lacks, before their `file` updates are sent. */
export const offerFilesInputSchema = z.object({ hashes: z.array(sha256Schema).min(1).max(1000) })
export const offeredFilesSchema = z.object({ missing: z.array(sha256Schema) })

/** `files.list`: a run's files, by path. */
export const fileListSchema = z.array(runFileSchema)

/** `console.byRun`: what a run printed, oldest first; of all its writers, or of those with a label. */
export const consoleInputSchema = runAddressSchema.extend({
  from: z.number().int().nonnegative().default(0),
  limit: z.number().int().min(1).max(5000).default(1000),
  search: soughtTextSchema.max(256).optional(),
  label: writerLabelSchema.optional(),
})
export type ConsoleInput = z.input<typeof consoleInputSchema>

/**
 * A part of what a run printed. `total` lines match; `lines` are those from `from` on. `labels` are those of all writers of
 * the run that printed, whatever is sought.
 */
export const consolePageSchema = z.object({
  lines: z.array(consoleLineSchema.omit({ seq: true }).extend({ label: z.string().nullable() })),
  total: z.number().int().nonnegative(),
  labels: z.array(z.string()).default([]),
})
export type ConsolePage = z.infer<typeof consolePageSchema>

/** GET `routes.console`: all lines as text for people, or as `runLineSchema` in JSON, one a row. */
export const wholeConsoleInputSchema = runAddressSchema.extend({ format: z.enum(['text', 'jsonl']).default('text') })

/**
 * A line as programs read it. `writer` is the place of the process that printed it in the `writers` of the run's record
 * (`runs.record`), `label` that process' name in a shared run.
 */
export const runLineSchema = consoleLineSchema
  .omit({ seq: true })
  .extend({ writer: z.number().int().nonnegative(), label: z.string().nullable() })
export type RunLine = z.infer<typeof runLineSchema>
