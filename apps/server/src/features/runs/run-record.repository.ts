import { type RunRecord, runRecordSchema, writerRecordSchema } from '@kiroku/core/run-record'
import * as z from 'zod'
import type { Connection } from '../../database/database.ts'
import type { ProjectScope } from '../../http/scopes.ts'
import { loadDefinitions } from '../history/index.ts'
import { noRun } from './no-run.ts'

const rowSchema = runRecordSchema
  .omit({ definitions: true, writers: true })
  .extend({ id: z.string(), nextStep: z.coerce.number() })
const writerRowSchema = writerRecordSchema.extend({ startingStep: z.coerce.number() })

const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`

/** Ids break the tie of writers that began at once. */
const writerOrder = 'started_at, created_at, writer'

/** Reads all that PostgreSQL knows of a run that is not deleted. Throws NOT_FOUND. */
export async function readRunRecord(connection: Connection, scope: ProjectScope, slug: string): Promise<RunRecord> {
  const { rows } = await connection.query(
    `SELECT id, slug, display_name AS "displayName", run_group AS "group", job_type AS "jobType", notes, tags, state, config,
            summary, explicit_summary AS "explicitSummary", ${ms('created_at')} AS "createdAt",
            ${ms('started_at')} AS "startedAt", ${ms('finished_at')} AS "finishedAt",
            ${ms('heartbeat_at')} AS "heartbeatAt", exit_code AS "exitCode", last_step AS "lastStep",
            is_shared AS "isShared", sweep, next_step AS "nextStep", git, host, earlier_segments AS "earlierSegments"
     FROM run WHERE project_id = $1 AND slug = $2 AND deleted_at IS NULL`,
    [scope.projectId, slug],
  )
  const [row] = z.array(rowSchema).parse(rows)
  if (!row) throw noRun(slug)
  const { id, ...run } = row
  const writers = await connection.query(
    `SELECT label, ${ms('created_at')} AS "createdAt", ${ms('started_at')} AS "startedAt",
            ${ms('heartbeat_at')} AS "heartbeatAt", ${ms('finished_at')} AS "finishedAt",
            finish_state AS "finishState", exit_code AS "exitCode", starting_step AS "startingStep",
            runtime_before_ms AS "runtimeBeforeMs", is_resumed AS "isResumed", is_superseded AS "isSuperseded"
     FROM writer WHERE run_id = $1 ORDER BY ${writerOrder}`,
    [id],
  )
  const definitions = await loadDefinitions(connection, [id])
  return {
    ...run,
    definitions: definitions.map(({ definition }) => definition),
    writers: z.array(writerRowSchema).parse(writers.rows),
  }
}

/** The ids under which the lines of a run's writers are stored, in the order of the record. Throws NOT_FOUND. */
export async function readWriterIds(connection: Connection, scope: ProjectScope, slug: string): Promise<string[]> {
  const { rows } = await connection.query(
    `SELECT run.id AS "runId", writer.id FROM run LEFT JOIN writer ON writer.run_id = run.id
     WHERE run.project_id = $1 AND run.slug = $2 AND run.deleted_at IS NULL
     ORDER BY ${writerOrder.replaceAll(/\w+/g, 'writer.$&')}`,
    [scope.projectId, slug],
  )
  if (rows.length === 0) throw noRun(slug)
  return z
    .array(z.object({ id: z.string().nullable() }))
    .parse(rows)
    .flatMap(({ id }) => id ?? [])
}
