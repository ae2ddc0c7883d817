import * as z from 'zod'
import { projectPathSchema } from './projects.ts'
import { type WireValue, wireValueSchema } from './values.ts'

/** What a query of a user's may be and take. The help of the command, the dashboard and `docs/sql.md` tell these. */
export const sqlLimits = {
  maxTextLength: 65_536,
  maxSeconds: 10,
  maxMemoryBytes: 1_000_000_000,
  maxRows: 10_000,
  maxAnswerBytes: 64_000_000,
  /** What a query may need of all runs together: what it names of config and summary, and their notes. */
  maxRunBytes: 64_000_000,
  /** What a query may read of the other tables on a cluster, whose servers send it to the one that runs the query. */
  maxGatheredBytes: 128_000_000,
} as const

/** A query of a user's over one project: one `SELECT` in ClickHouse's dialect, over the tables of `sqlTables`. */
export const sqlRequestSchema = projectPathSchema.extend({
  query: z
    .string()
    .min(1, 'a query must not be empty')
    .max(sqlLimits.maxTextLength, `a query has at most ${sqlLimits.maxTextLength} characters`),
})
export type SqlRequest = z.infer<typeof sqlRequestSchema>

/**
 * What a query gives. `rows` have a cell for each of `columns`: a number (a non-finite one in wire form), a text, a truth value,
 * null, or an array or object of these. Whole numbers of 64 bits and more, decimals, dates and times are texts. `hasMore`: there
 * are more rows than `sqlLimits.maxRows`, and these are the first.
 */
export const sqlAnswerSchema = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rows: z.array(z.array(wireValueSchema)),
  hasMore: z.boolean(),
  elapsedMs: z.number(),
})
export type SqlAnswer = z.infer<typeof sqlAnswerSchema>
export type SqlCell = WireValue

/** Where in the query's text an error is, in UTF-16 units from 0; in the `details` of a BAD_REQUEST. */
export const sqlErrorDetailsSchema = z.object({ from: z.number().int(), to: z.number().int() })
export type SqlErrorDetails = z.infer<typeof sqlErrorDetailsSchema>

export type SqlColumn = { name: string; type: string; about: string }
export type SqlTable = { name: 'points' | 'runs' | 'texts' | 'console'; about: string; columns: readonly SqlColumn[] }

const time = "DateTime64(3, 'UTC')"
const run = { name: 'run', type: 'String', about: "the run's id, as in its address" }

/** The tables that a user's query sees, with their columns. */
export const sqlTables: readonly SqlTable[] = [
  {
    name: 'points',
    about: 'every number that was logged, a row each',
    columns: [
      run,
      { name: 'metric', type: 'LowCardinality(String)', about: 'the name it was logged under' },
      { name: 'stream', type: 'String', about: "'history' of the script, 'system' of its machine" },
      { name: 'step', type: 'Int64', about: 'the step; of system metrics the time in ms' },
      { name: 'time', type: time, about: 'when it was logged' },
      { name: 'value', type: 'Float64', about: 'the number; may be nan, inf or -inf' },
    ],
  },
  {
    name: 'runs',
    about: 'the runs of the project, a row each',
    columns: [
      run,
      { name: 'name', type: 'String', about: 'the name that people gave it' },
      {
        name: 'state',
        type: 'String',
        about: "'running', 'finished', 'failed', 'crashed', 'killed', 'preempting' or 'preempted'",
      },
      { name: 'group', type: 'Nullable(String)', about: 'its group' },
      { name: 'job_type', type: 'Nullable(String)', about: 'its job type' },
      { name: 'tags', type: 'Array(String)', about: "its tags: has(tags, 'baseline')" },
      { name: 'notes', type: 'Nullable(String)', about: 'its notes' },
      { name: 'config', type: 'String', about: 'all of its config, as JSON' },
      { name: 'config.KEY', type: 'Nullable(Float64 or String)', about: 'an entry of it: config.model.depth' },
      { name: 'summary', type: 'String', about: 'all of its summary, as JSON' },
      { name: 'summary.KEY', type: 'Nullable(Float64 or String)', about: 'an entry of it: summary."val/loss"' },
      { name: 'created_at', type: time, about: 'when the server first heard of it' },
      { name: 'started_at', type: time, about: 'when its script began it' },
      { name: 'finished_at', type: `Nullable(${time})`, about: 'when it ended' },
      { name: 'heartbeat_at', type: time, about: 'when it was last heard of' },
      { name: 'exit_code', type: 'Nullable(Int64)', about: "its script's exit code" },
      { name: 'last_step', type: 'Nullable(Int64)', about: 'the highest step of its history' },
    ],
  },
  {
    name: 'texts',
    about: 'every logged value that is not a number, a row each',
    columns: [
      run,
      { name: 'metric', type: 'LowCardinality(String)', about: 'the name it was logged under' },
      { name: 'step', type: 'Int64', about: 'the step' },
      { name: 'time', type: time, about: 'when it was logged' },
      { name: 'value', type: 'String', about: 'the value as JSON: JSONExtractString(value)' },
    ],
  },
  {
    name: 'console',
    about: 'every line that the scripts printed',
    columns: [
      run,
      { name: 'label', type: 'Nullable(String)', about: 'the process of a shared run that printed it' },
      { name: 'line', type: 'UInt64', about: 'its number, from 0' },
      { name: 'stream', type: 'String', about: "'stdout' or 'stderr'" },
      { name: 'time', type: time, about: 'when it was printed' },
      { name: 'text', type: 'String', about: 'the line, with its colours' },
    ],
  },
]

/** The entries of config and summary that the runs of a project have, with the type that a query sees them as. */
export const sqlEntriesSchema = z.object({
  entries: z.array(z.object({ name: z.string(), type: z.string() })),
})
export type SqlEntries = z.infer<typeof sqlEntriesSchema>
