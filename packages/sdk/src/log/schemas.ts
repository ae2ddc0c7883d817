import { runUpdateSchema } from '@kiroku/core/history'
import { metricDefinitionSchema } from '@kiroku/core/metrics'
import { createRunInputSchema, gitFactsSchema, hostFactsSchema } from '@kiroku/core/runs'
import * as z from 'zod'

/** One process of one machine. */
export const processMarkSchema = z.object({
  pid: z.number().int().positive(),
  start: z.string().nullable(),
  hostname: z.string(),
  /** Where its id means this process, where the system has such places: containers of one host name have ids of their own. */
  space: z.string().nullable().default(null),
})
export type ProcessMark = z.infer<typeof processMarkSchema>

/** A log's first record: what the run was started with, and the server it goes to (null: none was known). */
export const logHeaderSchema = z.object({
  v: z.literal(1),
  url: z.string().nullable(),
  create: createRunInputSchema.omit({ git: true }),
  /** Who writes the log; `start` tells a process from a later one with its id, where the system has it. */
  process: processMarkSchema.nullable().default(null),
})
export type LogHeader = z.output<typeof logHeaderSchema>
export type LogHeaderInput = z.input<typeof logHeaderSchema>

/** What takes a moment to find out: where the code stood when the run began, and more of the machine. */
export const logFactsSchema = z.object({ git: gitFactsSchema.optional(), host: hostFactsSchema.optional() })
export type LogFacts = z.infer<typeof logFactsSchema>

/**
 * Where a resumed, rewound or forked run begins, as the server told the script: its first step, the definitions that it has, and
 * the last value of each step metric that they name, whose key the log has already.
 */
export const logStartSchema = z.object({
  step: z.number().int().nonnegative(),
  definitions: z.array(metricDefinitionSchema).default([]),
  latest: z.record(z.string(), z.number()).default({}),
})
export type LogStart = z.infer<typeof logStartSchema>

const [config, summary, define, labels, finish, file, preempting] = runUpdateSchema.options

/** An update as the log has it: its number is its place among the log's records. */
export const logUpdateSchema = z.discriminatedUnion('type', [
  config.omit({ seq: true }),
  summary.omit({ seq: true }),
  define.omit({ seq: true }),
  labels.omit({ seq: true }),
  finish.omit({ seq: true }),
  file.omit({ seq: true }),
  preempting.omit({ seq: true }),
])
export type LogUpdate = z.input<typeof logUpdateSchema>
export type LogUpdateParsed = z.output<typeof logUpdateSchema>
