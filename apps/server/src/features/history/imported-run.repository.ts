import type { RunUpdate } from '@kiroku/core/history'
import * as z from 'zod'
import type { Connection } from '../../database/database.ts'
import { toDatabaseTime } from '../../database/database-time.ts'
import { toJsonText } from '../../database/json-text.ts'
import { saveDefinitions } from './document.repository.ts'

type Imported = Extract<RunUpdate, { type: 'imported' }>

/**
 * Makes a run what its import says that it was, after its points, texts, lines and files came the ordinary way: all of its
 * row but its id, its definitions and its writers. Changes nothing, and answers why, when the run has other writers than
 * those that were imported: then it is not the import's alone.
 */
export async function restoreRun(
  connection: Connection,
  runId: string,
  { run, writers }: Imported,
): Promise<string | undefined> {
  if (writers.length !== run.writers.length)
    return `${writers.length} writer ids came for ${run.writers.length} writers; send one for each, in their order`
  const { rows } = await connection.query('SELECT writer FROM writer WHERE run_id = $1', [runId])
  const known = new Set(
    z
      .array(z.object({ writer: z.string() }))
      .parse(rows)
      .map(({ writer }) => writer),
  )
  if (known.size !== new Set(writers).size || !writers.every((writer) => known.has(writer)))
    return 'the run has other writers than those that were imported; import it under an id of its own'
  await restoreRow(connection, runId, run)
  await connection.query('DELETE FROM metric_definition WHERE run_id = $1', [runId])
  await saveDefinitions(connection, runId, run.definitions)
  await restoreWriters(connection, runId, { run, writers })
  return undefined
}

async function restoreRow(connection: Connection, runId: string, run: Imported['run']): Promise<void> {
  await connection.query(
    `UPDATE run SET display_name = given->>'displayName', run_group = given->>'group', job_type = given->>'jobType',
       notes = given->>'notes', tags = ARRAY(SELECT jsonb_array_elements_text(given->'tags')),
       state = (given->>'state')::run_state, config = given->'config', summary = given->'summary',
       explicit_summary = ARRAY(SELECT jsonb_array_elements_text(given->'explicitSummary')),
       exit_code = (given->>'exitCode')::int, last_step = (given->>'lastStep')::float8,
       is_shared = (given->>'isShared')::boolean, sweep = given->>'sweep',
       next_step = (given->>'nextStep')::bigint, git = given->'git', host = given->'host',
       earlier_segments = given->'earlierSegments', imported_at = now(),
       created_at = to_timestamp($3::float8 / 1000), started_at = to_timestamp($4::float8 / 1000),
       finished_at = to_timestamp($5::float8 / 1000), heartbeat_at = to_timestamp($6::float8 / 1000)
     FROM (SELECT $2::jsonb AS given) AS input WHERE id = $1`,
    [
      runId,
      toJsonText(run),
      toDatabaseTime(run.createdAt),
      toDatabaseTime(run.startedAt),
      run.finishedAt === null ? null : toDatabaseTime(run.finishedAt),
      toDatabaseTime(run.heartbeatAt),
    ],
  )
}

async function restoreWriters(
  connection: Connection,
  runId: string,
  { run, writers }: Pick<Imported, 'run' | 'writers'>,
): Promise<void> {
  const column = <T>(read: (writer: Imported['run']['writers'][number]) => T): T[] => run.writers.map(read)
  await connection.query(
    `UPDATE writer SET label = given.label, created_at = to_timestamp(given.created_ms / 1000),
       started_at = to_timestamp(given.started_ms / 1000), heartbeat_at = to_timestamp(given.heartbeat_ms / 1000),
       finished_at = to_timestamp(given.finished_ms / 1000), finish_state = given.finish_state,
       exit_code = given.exit_code, starting_step = given.starting_step, runtime_before_ms = given.runtime_before_ms,
       is_resumed = given.is_resumed, is_superseded = given.is_superseded
     FROM unnest($2::text[], $3::text[], $4::float8[], $5::float8[], $6::float8[], $7::float8[], $8::run_state[],
       $9::int[], $10::bigint[], $11::float8[], $12::boolean[], $13::boolean[])
       AS given (writer, label, created_ms, started_ms, heartbeat_ms, finished_ms, finish_state, exit_code,
         starting_step, runtime_before_ms, is_resumed, is_superseded)
     WHERE writer.run_id = $1 AND writer.writer = given.writer`,
    [
      runId,
      writers,
      column(({ label }) => label),
      column(({ createdAt }) => toDatabaseTime(createdAt)),
      column(({ startedAt }) => toDatabaseTime(startedAt)),
      column(({ heartbeatAt }) => toDatabaseTime(heartbeatAt)),
      column(({ finishedAt }) => (finishedAt === null ? null : toDatabaseTime(finishedAt))),
      column(({ finishState }) => finishState),
      column(({ exitCode }) => exitCode),
      column(({ startingStep }) => startingStep),
      column(({ runtimeBeforeMs }) => runtimeBeforeMs),
      column(({ isResumed }) => isResumed),
      column(({ isSuperseded }) => isSuperseded),
    ],
  )
}
