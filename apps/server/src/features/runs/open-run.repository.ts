import { KirokuError } from '@kiroku/core/errors'
import type { createRunInputSchema } from '@kiroku/core/runs'
import * as z from 'zod'
import type { Connection } from '../../database/database.ts'
import { toDatabaseTime } from '../../database/database-time.ts'
import { toJsonText } from '../../database/json-text.ts'
import { isLiveSql } from '../../database/live-runs.ts'
import type { ProjectScope } from '../../http/scopes.ts'
import { copyMediaFiles } from '../files/index.ts'
import {
  defineInDocument,
  loadDefinitions,
  loadDocument,
  saveDefinitions,
  saveLabels,
  saveRuns,
} from '../history/index.ts'
import { type PendingChange, pendingChangeSchema } from './pending-change.ts'
import { generateRunName } from './run-names.ts'
import { runtimeOf } from './writer-times.ts'
import { loadWriters, type RunWriter } from './writers.repository.ts'

export type OpenInput = z.output<typeof createRunInputSchema>

/**
 * How a writer's start went: a new run, a known run that goes on, or neither when the writer was known already. A `pending`
 * change of the run `runId`, the writer's own or the one to fork, has to be brought to its end first, then the start is
 * asked for again.
 */
export type OpenedRun = { runId: string; isNew: boolean; isJoined: boolean; pending: PendingChange | null }

const runRowSchema = z.object({
  id: z.string(),
  displayName: z.string(),
  isDeleted: z.boolean(),
  isShared: z.boolean(),
  lastStep: z.number().nullable(),
  pending: pendingChangeSchema.nullable(),
})
type RunRow = z.infer<typeof runRowSchema>

/**
 * Takes a writer in: makes its run, or lets the known run go on with the writer's config merged by top-level keys, its
 * labels in place of the old and its definitions merged. A writer that is known changes nothing. Throws NOT_FOUND when the
 * run, or the one to fork, must be there and is not, and CONFLICT when it was deleted or must not be there and is.
 */
export async function openRun(
  connection: Connection,
  scope: ProjectScope,
  input: OpenInput,
  aliveMs: number,
): Promise<OpenedRun> {
  const parent = input.fork && (await lockRun(connection, scope, input.fork.run))
  // Until it is brought to its end, the parent does not have the points that a fork copies.
  if (parent?.pending) return { runId: parent.id, isNew: false, isJoined: false, pending: parent.pending }
  const mustBeKnown = input.resume === 'must' || input.rewind !== undefined
  const isNew = !mustBeKnown && (await insertRun(connection, scope, input))
  const run = await lockRun(connection, scope, input.run)
  if (!run) throw noRunTo(input)
  if (run.isDeleted)
    throw new KirokuError({ code: 'CONFLICT', message: `the run ${input.run} was deleted; choose another id` })
  if (run.pending) return { runId: run.id, isNew: false, isJoined: false, pending: run.pending }
  const writers = await loadWriters(connection, run.id, aliveMs)
  if (writers.some(({ writer }) => writer === input.writer))
    return { runId: run.id, isNew: false, isJoined: false, pending: null }
  if (!isNew && (input.resume === 'never' || input.fork)) throw runIsKnown(input)
  const writerId = await insertWriter(connection, { run, input, isNew, writers })
  const pending = await promiseChange(connection, scope, { run, input, writerId })
  if (!isNew) await forgetStop(connection, run.id, input.shared)
  if (isNew) await nameNewRun(connection, scope, run.id, input)
  else await mergeLabels(connection, run.id, input)
  if (!isNew || input.definitions.length > 0) await mergeIn(connection, run.id, input, isNew)
  if (input.shared && !isNew) await shareRun(connection, run.id)
  return { runId: run.id, isNew, isJoined: !isNew, pending }
}

function noRunTo({ run, project, rewind }: OpenInput): KirokuError {
  const message = `there is no run ${run} in the project ${project} to ${rewind ? 'rewind' : 'resume'}; check id and project`
  const remedy = rewind ? '' : ', or use resume: "allow" to begin it'
  return new KirokuError({ code: 'NOT_FOUND', message: message + remedy })
}

function runIsKnown({ run, project, fork }: OpenInput): KirokuError {
  const remedy = fork ? 'a fork needs an id of its own' : 'choose another id, or use resume: "allow" to go on with it'
  return new KirokuError({
    code: 'CONFLICT',
    message: `there is a run ${run} in the project ${project} already; ${remedy}`,
  })
}

async function insertRun(connection: Connection, scope: ProjectScope, input: OpenInput): Promise<boolean> {
  const { rowCount } = await connection.query(
    `INSERT INTO run (project_id, slug, display_name, config, run_group, job_type, notes, tags, started_at, git, host,
                      is_shared)
     SELECT $1, $2, coalesce(given->>'displayName', ''), given->'config', given->>'group', given->>'jobType',
            given->>'notes', ARRAY(SELECT jsonb_array_elements_text(given->'tags')), to_timestamp($3::float8 / 1000),
            given->'git', given->'host', (given->>'shared')::boolean
     FROM (SELECT $4::jsonb AS given) AS input
     ON CONFLICT (project_id, slug) DO NOTHING`,
    [scope.projectId, input.run, toDatabaseTime(input.startedAt), toJsonText({ ...input, tags: input.tags ?? [] })],
  )
  return rowCount === 1
}

async function lockRun(connection: Connection, scope: ProjectScope, slug: string): Promise<RunRow | undefined> {
  const { rows } = await connection.query(
    `SELECT id, display_name AS "displayName", deleted_at IS NOT NULL AS "isDeleted", is_shared AS "isShared",
            last_step AS "lastStep", pending
     FROM run WHERE project_id = $1 AND slug = $2 FOR UPDATE`,
    [scope.projectId, slug],
  )
  return z.array(runRowSchema).parse(rows)[0]
}

const idRowsSchema = z.array(z.object({ id: z.string() })).length(1)

async function insertWriter(
  connection: Connection,
  { run, input, isNew, writers }: { run: RunRow; input: OpenInput; isNew: boolean; writers: readonly RunWriter[] },
): Promise<string> {
  const isResumed = !isNew && (input.resume !== undefined || input.rewind !== undefined)
  const lastStep = input.rewind?.step ?? input.fork?.step ?? (isResumed ? run.lastStep : null)
  if (lastStep === Number.MAX_SAFE_INTEGER) {
    const message = `run ${input.run} has a point at step 2^53 - 1, after which there is no step to go on at; rewind it or fork it`
    throw new KirokuError({ code: 'CONFLICT', message })
  }
  const { rows } = await connection.query(
    `INSERT INTO writer (run_id, writer, started_at, label, starting_step, runtime_before_ms, is_resumed)
     VALUES ($1, $2, to_timestamp($3::float8 / 1000), $4, $5, $6, $7) RETURNING id`,
    [
      run.id,
      input.writer,
      toDatabaseTime(input.startedAt),
      input.label ?? null,
      lastStep === null ? 0 : Math.max(0, lastStep + 1),
      runtimeBefore(run.isShared || input.shared, writers, input.startedAt),
      isResumed,
    ],
  )
  return idRowsSchema.parse(rows)[0]?.id ?? ''
}

/** Processes that share a run run at once: the clock of one that is alive goes on up to the start of the next. */
function runtimeBefore(isShared: boolean, writers: readonly RunWriter[], startedAt: number): number {
  return runtimeOf(
    writers.map((writer) =>
      isShared && writer.isAlive ? { ...writer, heartbeatAt: Math.max(writer.startedAt, startedAt) } : writer,
    ),
  )
}

/** Remembers a rewind or a fork, so that it is brought to its end also after a crash, and shuts out older writers. */
async function promiseChange(
  connection: Connection,
  scope: ProjectScope,
  { run, input, writerId }: { run: RunRow; input: OpenInput; writerId: string },
): Promise<PendingChange | null> {
  const { rewind, fork } = input
  if (rewind) {
    await connection.query(
      `UPDATE writer SET is_superseded = true, reservations = '[]', finished_at = coalesce(finished_at, heartbeat_at),
         finish_state = coalesce(finish_state, 'crashed')
       WHERE run_id = $1 AND id <> $2`,
      [run.id, writerId],
    )
    return savePending(connection, run.id, { kind: 'rewind', step: rewind.step, writerId, texts: null })
  }
  if (!fork) return null
  const { rows } = await connection.query(
    `UPDATE run SET config = parent.config || run.config, earlier_segments = parent.earlier_segments || coalesce((
       SELECT jsonb_agg(jsonb_build_object('startedAt', extract(epoch FROM w.started_at)::float8 * 1000,
                        'runtimeBeforeMs', w.runtime_before_ms) ORDER BY w.started_at, w.created_at)
       FROM writer w WHERE w.run_id = parent.id), '[]')
     FROM run parent
     WHERE run.id = $1 AND parent.project_id = $2 AND parent.slug = $3 AND parent.id <> run.id
       AND parent.deleted_at IS NULL
     RETURNING parent.id`,
    [run.id, scope.projectId, fork.run],
  )
  const [parent] = z.array(z.object({ id: z.string() })).parse(rows)
  if (!parent) {
    const message = `there is no run ${fork.run} in the project ${scope.project} to fork; check id and project`
    throw new KirokuError({ code: 'NOT_FOUND', message })
  }
  await copyMediaFiles(connection, { from: parent.id, to: run.id })
  const definitions = await loadDefinitions(connection, [parent.id])
  await saveDefinitions(
    connection,
    run.id,
    definitions.map(({ definition }) => definition),
  )
  return savePending(connection, run.id, { kind: 'fork', step: fork.step, writerId, parentId: parent.id })
}

async function savePending(connection: Connection, runId: string, pending: PendingChange): Promise<PendingChange> {
  await connection.query('UPDATE run SET pending = $2::jsonb, next_step = $3 WHERE id = $1', [
    runId,
    JSON.stringify(pending),
    pending.step + 1,
  ])
  return pending
}

const counterRowsSchema = z.array(z.object({ number: z.number() })).length(1)

async function nameNewRun(connection: Connection, scope: ProjectScope, runId: string, input: OpenInput): Promise<void> {
  const { rows } = await connection.query(
    'UPDATE project SET run_counter = run_counter + 1 WHERE id = $1 RETURNING run_counter AS number',
    [scope.projectId],
  )
  if (input.displayName !== undefined) return
  const displayName = generateRunName(counterRowsSchema.parse(rows)[0]?.number ?? 1)
  await connection.query('UPDATE run SET display_name = $2 WHERE id = $1', [runId, displayName])
}

async function mergeLabels(connection: Connection, runId: string, input: OpenInput): Promise<void> {
  await connection.query(
    `UPDATE run SET git = CASE WHEN $2::jsonb = '{}' THEN git ELSE $2::jsonb END,
                    host = CASE WHEN $3::jsonb = '{}' THEN host ELSE $3::jsonb END
     WHERE id = $1`,
    [runId, toJsonText(input.git), toJsonText(input.host)],
  )
  const { displayName, group, jobType, notes, tags } = input
  await saveLabels(connection, runId, { displayName, group, jobType, notes, tags })
}

/** From now on the server gives the run's rows their steps, from the one after its last on. */
async function shareRun(connection: Connection, runId: string): Promise<void> {
  await connection.query(
    `UPDATE run SET is_shared = true, next_step = greatest(next_step, coalesce(last_step + 1, 0)::bigint) WHERE id = $1`,
    [runId],
  )
}

/** A writer that goes on with a run was not asked to stop; one that joins others which run still is, as they are. */
async function forgetStop(connection: Connection, runId: string, isShared: boolean): Promise<void> {
  await connection.query(
    `UPDATE run SET stop_asked_at = NULL
     WHERE id = $1 AND stop_asked_at IS NOT NULL AND NOT ($2 AND is_shared AND ${isLiveSql('state')})`,
    [runId, isShared],
  )
}

async function mergeIn(connection: Connection, runId: string, input: OpenInput, isNew: boolean): Promise<void> {
  const document = await loadDocument(connection, runId)
  if (input.definitions.length > 0) {
    defineInDocument(document, input.definitions)
    await saveDefinitions(connection, runId, document.definitions)
  }
  const standing = { state: 'running', exitCode: null, finishedAt: null } as const
  const config = isNew ? null : input.config
  await saveRuns(connection, [{ runId, document, standing, config, labels: null }])
}
