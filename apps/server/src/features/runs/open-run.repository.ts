import { KirokuError } from '@kiroku/core/errors'
import type { createRunInputSchema } from '@kiroku/core/runs'
import * as z from 'zod'
import type { Connection } from '../../database/database.ts'
import { toDatabaseTime } from '../../database/database-time.ts'
import { toJsonText } from '../../database/json-text.ts'
import type { ProjectScope } from '../../http/scopes.ts'
import {
  defineInDocument,
  loadDefinitions,
  loadTotals,
  type RunDocument,
  saveDefinitions,
  saveLabels,
  saveRuns,
} from '../history/index.ts'
import { generateRunName } from './run-names.ts'

type Input = z.output<typeof createRunInputSchema>

/** How a writer's start went: a new run, a known run that goes on, or neither when the writer was known already. */
export type OpenedRun = { ackSeq: number; displayName: string; isNew: boolean; isJoined: boolean }

const runRowSchema = z.object({
  id: z.string(),
  displayName: z.string(),
  isDeleted: z.boolean(),
  lastStep: z.number().nullable(),
  summary: z.record(z.string(), z.json()),
  explicit: z.array(z.string()),
})

const writerRowsSchema = z.array(z.object({ ackSeq: z.coerce.number() }))

/**
 * Takes a writer in: makes its run, or lets the known run go on with the writer's config merged by top-level keys, its
 * labels in place of the old and its definitions merged. A writer that is known changes nothing.
 */
export async function openRun(connection: Connection, scope: ProjectScope, input: Input): Promise<OpenedRun> {
  const isNew = await insertRun(connection, scope, input)
  const run = await lockRun(connection, scope, input.run)
  if (run.isDeleted)
    throw new KirokuError({ code: 'CONFLICT', message: `the run ${input.run} was deleted; choose another id` })
  const { rows } = await connection.query('SELECT ack_seq AS "ackSeq" FROM writer WHERE run_id = $1 AND writer = $2', [
    run.id,
    input.writer,
  ])
  const [known] = writerRowsSchema.parse(rows)
  if (known) return { ackSeq: known.ackSeq, displayName: run.displayName, isNew: false, isJoined: false }
  await connection.query('INSERT INTO writer (run_id, writer) VALUES ($1, $2)', [run.id, input.writer])
  const displayName = isNew
    ? await nameNewRun(connection, scope, run.id, input)
    : (input.displayName ?? run.displayName)
  if (!isNew) await saveFacts(connection, run.id, input)
  if (!isNew || input.definitions.length > 0) await mergeIn(connection, run, input, isNew)
  return { ackSeq: 0, displayName, isNew, isJoined: !isNew }
}

async function insertRun(connection: Connection, scope: ProjectScope, input: Input): Promise<boolean> {
  const { rowCount } = await connection.query(
    `INSERT INTO run (project_id, slug, display_name, config, run_group, job_type, notes, tags, started_at, git, host)
     SELECT $1, $2, coalesce(given->>'displayName', ''), given->'config', given->>'group', given->>'jobType',
            given->>'notes', ARRAY(SELECT jsonb_array_elements_text(given->'tags')), to_timestamp($3::float8 / 1000),
            given->'git', given->'host'
     FROM (SELECT $4::jsonb AS given) AS input
     ON CONFLICT (project_id, slug) DO NOTHING`,
    [scope.projectId, input.run, toDatabaseTime(input.startedAt), toJsonText({ ...input, tags: input.tags ?? [] })],
  )
  return rowCount === 1
}

async function lockRun(
  connection: Connection,
  scope: ProjectScope,
  slug: string,
): Promise<z.infer<typeof runRowSchema>> {
  const { rows } = await connection.query(
    `SELECT id, display_name AS "displayName", deleted_at IS NOT NULL AS "isDeleted", last_step AS "lastStep", summary,
            explicit_summary AS explicit
     FROM run WHERE project_id = $1 AND slug = $2 FOR UPDATE`,
    [scope.projectId, slug],
  )
  return runRowSchema.parse(rows[0])
}

const counterRowsSchema = z.array(z.object({ number: z.number() })).length(1)

async function nameNewRun(connection: Connection, scope: ProjectScope, runId: string, input: Input): Promise<string> {
  const { rows } = await connection.query(
    'UPDATE project SET run_counter = run_counter + 1 WHERE id = $1 RETURNING run_counter AS number',
    [scope.projectId],
  )
  if (input.displayName !== undefined) return input.displayName
  const displayName = generateRunName(counterRowsSchema.parse(rows)[0]?.number ?? 1)
  await connection.query('UPDATE run SET display_name = $2 WHERE id = $1', [runId, displayName])
  return displayName
}

async function saveFacts(connection: Connection, runId: string, input: Input): Promise<void> {
  await connection.query(
    `UPDATE run SET git = CASE WHEN $2::jsonb = '{}' THEN git ELSE $2::jsonb END,
                    host = CASE WHEN $3::jsonb = '{}' THEN host ELSE $3::jsonb END
     WHERE id = $1`,
    [runId, toJsonText(input.git), toJsonText(input.host)],
  )
  const { displayName, group, jobType, notes, tags } = input
  await saveLabels(connection, runId, { displayName, group, jobType, notes, tags })
}

async function mergeIn(
  connection: Connection,
  run: z.infer<typeof runRowSchema>,
  input: Input,
  isNew: boolean,
): Promise<void> {
  const definitions = await loadDefinitions(connection, [run.id])
  const totals = input.definitions.length > 0 ? await loadTotals(connection, [{ runId: run.id, names: null }]) : []
  const document: RunDocument = {
    summary: new Map(Object.entries(run.summary)),
    explicit: new Set(run.explicit),
    definitions: definitions.map(({ definition }) => definition),
    totals: new Map(totals.map(({ key, entry }) => [key, entry])),
    lastStep: run.lastStep,
  }
  if (input.definitions.length > 0) {
    defineInDocument(document, input.definitions)
    await saveDefinitions(connection, run.id, document.definitions)
  }
  const standing = { state: 'running', exitCode: null, finishedAt: null } as const
  const config = isNew ? null : input.config
  await saveRuns(connection, [{ runId: run.id, document, standing, config, labels: null }])
}
