import * as z from 'zod'
import { organizationSlugSchema, projectNameSchema, runSlugSchema } from '../ids.ts'
import { projectPathSchema } from '../projects.ts'
import { runStateSchema } from '../runs.ts'
import { wireRecordSchema } from '../values.ts'
import { sweepDocumentSchema } from './sweep-config.ts'

/** The id a user sees in a sweep's address: unique in its project, as a run's. */
export const sweepSlugSchema = runSlugSchema

/**
 * The life of a sweep. `pending`: no agent has come yet; `paused`: no further run begins; `finished`: no further run begins ever,
 * those that go on end by themselves; `canceled`: those are stopped, too.
 */
export const sweepStateSchema = z.enum(['pending', 'running', 'paused', 'finished', 'canceled'])
export type SweepState = z.infer<typeof sweepStateSchema>

/** What people and agents' owners do to a sweep. `resume` lets a paused one go on, and a finished one that has runs left. */
export const sweepActionSchema = z.enum(['pause', 'resume', 'stop', 'cancel'])
export type SweepAction = z.infer<typeof sweepActionSchema>

/** One sweep. Times are unix milliseconds. `expectedRuns` is null where it has no end; `best` is the best of the metric so far. */
export const sweepSchema = z.object({
  id: z.uuid(),
  slug: sweepSlugSchema,
  organization: organizationSlugSchema,
  project: projectNameSchema,
  displayName: z.string(),
  description: z.string().nullable(),
  state: sweepStateSchema,
  config: sweepDocumentSchema,
  createdAt: z.number(),
  updatedAt: z.number(),
  /** Runs that it handed out, or took in from before it began. */
  runCount: z.number().int().nonnegative(),
  runningCount: z.number().int().nonnegative(),
  expectedRuns: z.number().int().nonnegative().nullable(),
  liveAgents: z.number().int().nonnegative(),
  best: z.object({ run: runSlugSchema, value: z.number() }).nullable(),
})
export type Sweep = z.infer<typeof sweepSchema>

/** A process that asks a sweep for runs. `live`: it was heard of lately. */
export const sweepAgentSchema = z.object({
  id: z.uuid(),
  host: z.string(),
  state: z.enum(['live', 'gone', 'exited']),
  createdAt: z.number(),
  heartbeatAt: z.number(),
  runCount: z.number().int().nonnegative(),
})
export type SweepAgent = z.infer<typeof sweepAgentSchema>

/** One run of a sweep, in the order in which they were handed out. `value` is its metric, null where it has no finite one. */
export const sweepRunSchema = z.object({
  run: runSlugSchema,
  displayName: z.string(),
  state: runStateSchema,
  createdAt: z.number(),
  /** The sweep's parameters as the run's config has them, nested as there. */
  config: wireRecordSchema,
  value: z.number().nullable(),
  /** Early termination asked it to stop. */
  isStoppedEarly: z.boolean(),
})
export type SweepRun = z.infer<typeof sweepRunSchema>

/** The most runs that a sweep's page shows: the latest ones. */
export const maxSweepRuns = 2000

/** A sweep with its agents and its runs; `leftOut` is how many earlier runs are not told. */
export const sweepDetailsSchema = z.object({
  sweep: sweepSchema,
  agents: z.array(sweepAgentSchema),
  runs: z.array(sweepRunSchema),
  leftOut: z.number().int().nonnegative(),
})
export type SweepDetails = z.infer<typeof sweepDetailsSchema>

/** `sweeps.byId`, and the address of one sweep in other inputs. */
export const sweepAddressSchema = projectPathSchema.extend({ sweep: sweepSlugSchema })

/** `sweeps.create`: an unknown project is created. */
export const createSweepInputSchema = projectPathSchema.extend({ config: sweepDocumentSchema })

/** `sweeps.act`. Throws CONFLICT for what a sweep of that state cannot do. */
export const sweepActionInputSchema = sweepAddressSchema.extend({ action: sweepActionSchema })
