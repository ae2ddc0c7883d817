import * as z from 'zod'
import { organizationSlugSchema, projectNameSchema, runSlugSchema, writerIdSchema } from './ids.ts'
import { metricDefinitionSchema } from './metrics.ts'
import { metricTotalsSchema } from './summary.ts'
import { isStorableText, wireNumberSchema, wireRecordSchema } from './values.ts'

/**
 * The life of a run. `crashed`: its script went silent or died without a word; `killed`: stopped on request. `preempting`: it
 * runs, and its machine is about to be taken away; `preempted`: it was, so that the run waits for a script that goes on with it.
 */
export const runStateSchema = z.enum(['running', 'finished', 'failed', 'crashed', 'killed', 'preempting', 'preempted'])
export type RunState = z.infer<typeof runStateSchema>

/** The states of a run whose script goes on. */
export const liveRunStates: readonly RunState[] = ['running', 'preempting']

/** Whether the script of a run in this state goes on. */
export function isLiveState(state: RunState): boolean {
  return liveRunStates.includes(state)
}

/** The state that an exit code ends a run in. */
export function stateOfExitCode(exitCode: number): RunState {
  return exitCode === 0 ? 'finished' : 'failed'
}

export const tagSchema = z.string().min(1, 'a tag must not be empty').max(64, 'a tag has at most 64 characters')

/** Tags as users give them: a list, or one string that is one tag. Doubles are dropped. */
export const tagsInputSchema = z
  .preprocess((tags) => (typeof tags === 'string' ? [tags] : tags), z.array(tagSchema).max(256))
  .transform((tags) => [...new Set(tags)])

/** Where the code stood. `remote` carries no password. */
export const gitFactsSchema = z.object({
  commit: z.string().max(64).nullish(),
  branch: z.string().max(256).nullish(),
  remote: z.string().max(1024).nullish(),
  isDirty: z.boolean().nullish(),
})
export type GitFacts = z.infer<typeof gitFactsSchema>

/** A remote's address without its user and password, which may be a token; `git@host:path` stays as it is. */
export function withoutSecrets(remote: string): string {
  return remote.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, (whole, scheme: string) =>
    /^ssh:/i.test(scheme) ? whole.replace(/:[^/@]*@$/, '@') : scheme,
  )
}

/** What the run ran on and how it was started. Memory in bytes. */
export const hostFactsSchema = z.object({
  hostname: z.string().max(256).nullish(),
  os: z.string().max(256).nullish(),
  runtime: z.string().max(128).nullish(),
  cpuModel: z.string().max(256).nullish(),
  cpuCount: z.number().int().nonnegative().nullish(),
  memoryBytes: z.number().nonnegative().nullish(),
  program: z.string().max(4096).nullish(),
  arguments: z.array(z.string().max(4096)).max(256).nullish(),
  directory: z.string().max(4096).nullish(),
  pid: z.number().int().nullish(),
  sdk: z.string().max(64).nullish(),
})
export type HostFacts = z.infer<typeof hostFactsSchema>

/** The fields of a run that people give and change. */
export const runLabelsSchema = z.object({
  displayName: z.string().min(1).max(256),
  group: z.string().max(256).nullable(),
  jobType: z.string().max(256).nullable(),
  notes: z.string().max(65_536).nullable(),
  tags: z.array(tagSchema).max(256),
})
export type RunLabels = z.infer<typeof runLabelsSchema>

/** A change to a run's labels; fields left out stay. */
export const runLabelsPatchSchema = runLabelsSchema.partial()
export type RunLabelsPatch = z.infer<typeof runLabelsPatchSchema>

/** The label of one of several processes that write to a shared run: it tells their system metrics and lines apart. */
export const writerLabelSchema = z
  .string()
  .min(1)
  .max(128)
  .refine(isStorableText, 'a label must be well-formed text without NUL')

/** One run as a reader sees it. Times are unix milliseconds; `config` and `summary` are in wire form. */
export const runSchema = runLabelsSchema.extend({
  id: z.uuid(),
  slug: runSlugSchema,
  organization: organizationSlugSchema,
  project: projectNameSchema,
  state: runStateSchema,
  config: wireRecordSchema,
  summary: wireRecordSchema,
  createdAt: z.number(),
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
  heartbeatAt: z.number(),
  exitCode: z.number().int().nullable(),
  lastStep: z.number().nullable(),
  /** How long its scripts ran in all, in milliseconds; the time between an end and a resume does not count. */
  runtimeMs: z.number().nonnegative(),
  /** Several processes write to it, and the server gives their rows their steps. */
  isShared: z.boolean(),
  /** Scripts that write to the run at this moment; more than one is worth a warning. */
  liveWriters: z.number().int().nonnegative(),
  /** When somebody asked its script to end. */
  stopAskedAt: z.number().nullable().default(null),
  /** The id of the sweep that it belongs to. */
  sweep: z.string().nullable().default(null),
  git: gitFactsSchema,
  host: hostFactsSchema,
})
export type Run = z.infer<typeof runSchema>

/** A stretch of a run's life that began at `startedAt` (unix milliseconds), when it had run for `runtimeBeforeMs`. */
export const runSegmentSchema = z.object({ startedAt: z.number(), runtimeBeforeMs: z.number() })
export type RunSegment = z.infer<typeof runSegmentSchema>

/** One metric of a run: how many points it has, and its range over all of them. Non-finite numbers in wire form. */
export const runMetricSchema = z.object({
  name: z.string(),
  stream: z.enum(['history', 'system']),
  count: z.number().int().nonnegative(),
  nonFiniteCount: z.number().int().nonnegative(),
  min: wireNumberSchema.nullable(),
  max: wireNumberSchema.nullable(),
  lastStep: z.number(),
})
export type RunMetric = z.infer<typeof runMetricSchema>

/** The latest time that a date can hold, in unix milliseconds. */
export const maxTimeMs = 8.64e15

/** What to do about a run whose id is known: go on with it or make it, insist that it is known, or that it is new. */
export const resumeModeSchema = z.enum(['allow', 'must', 'never'])
export type ResumeMode = z.infer<typeof resumeModeSchema>

/** The last step of history that a run goes on after: there is one above it. */
const branchStepSchema = z
  .number()
  .int()
  .nonnegative()
  .max(Number.MAX_SAFE_INTEGER - 1, 'must be below 2^53 - 1; name the last step to keep')

/**
 * What a writer says at its start. Asking again with the same writer changes nothing and answers the same. An unknown
 * project is created. `displayName` left out asks for a generated name.
 *
 * A run whose id is known goes on: with `resume` at the step after its last, without it at step 0, where what is logged
 * again replaces what was there. `rewind` goes on after `step` and removes everything logged beyond it. `fork` makes a
 * new run that begins with the other run's history up to `step`. Of `resume`, `rewind` and `fork` one may be given.
 */
export const createRunInputSchema = z.object({
  project: projectNameSchema,
  run: runSlugSchema,
  writer: writerIdSchema,
  startedAt: z.number().nonnegative().max(maxTimeMs),
  displayName: runLabelsSchema.shape.displayName.optional(),
  group: runLabelsSchema.shape.group.optional(),
  jobType: runLabelsSchema.shape.jobType.optional(),
  notes: runLabelsSchema.shape.notes.optional(),
  tags: runLabelsSchema.shape.tags.optional(),
  config: wireRecordSchema.default({}),
  definitions: z.array(metricDefinitionSchema).max(10_000).default([]),
  resume: resumeModeSchema.optional(),
  rewind: z.object({ step: branchStepSchema }).optional(),
  fork: z.object({ run: runSlugSchema, step: branchStepSchema }).optional(),
  /** Several processes write to the run: the server gives each row its step in order of arrival. */
  shared: z.boolean().default(false),
  label: writerLabelSchema.optional(),
  git: gitFactsSchema.default({}),
  host: hostFactsSchema.default({}),
})
export type CreateRunInput = z.input<typeof createRunInputSchema>

/** What a run holds when a writer goes on with it. `totals` are of its history metrics, 10 000 of them at most. */
export const resumedRunSchema = z.object({
  labels: runLabelsSchema,
  config: wireRecordSchema,
  summary: wireRecordSchema,
  definitions: z.array(metricDefinitionSchema),
  totals: z.record(z.string(), metricTotalsSchema),
})
export type ResumedRun = z.infer<typeof resumedRunSchema>

/**
 * What the server answers a writer with. `path` is the run's page below the server's address. A writer that is asked
 * about again gets the same `startingStep`, `runtimeBeforeMs` and `isResumed`.
 */
export const createRunResultSchema = z.object({
  organization: organizationSlugSchema,
  project: projectNameSchema,
  run: runSlugSchema,
  displayName: z.string(),
  path: z.string(),
  /** The last record of this writer that is stored; 0 when none is. */
  ackSeq: z.number().int().nonnegative(),
  /** The first step that this writer may write to; 0 unless it resumed, rewound or forked a run. */
  startingStep: z.number().int().nonnegative().default(0),
  /** How long the run's earlier writers ran, in milliseconds. */
  runtimeBeforeMs: z.number().nonnegative().default(0),
  /** The run was known and goes on after its last step, or after the step that it was rewound to. */
  isResumed: z.boolean().default(false),
  /** What a resumed, rewound or forked run holds; null for any other. */
  resumed: resumedRunSchema.nullable().default(null),
  /** Other scripts that are writing to the run now. */
  otherWriters: z.number().int().nonnegative().default(0),
})
export type CreateRunResult = z.infer<typeof createRunResultSchema>
