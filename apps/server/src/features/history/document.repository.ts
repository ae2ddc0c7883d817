import { streamSchema } from '@kiroku/core/history'
import { type MetricDefinition, metricDefinitionSchema } from '@kiroku/core/metrics'
import type { RunLabelsPatch } from '@kiroku/core/runs'
import type { WireRecord } from '@kiroku/core/values'
import * as z from 'zod'
import type { Connection } from '../../database/database.ts'
import { toJsonText } from '../../database/json-text.ts'
import { type DocumentTotals, type RunDocument, type RunFacts, totalsKey } from './apply-batch.ts'
import type { RunStanding } from './run-state.ts'

/** A definition's columns, as `metricDefinitionSchema` takes them. */
const definitionColumns = `name, step_metric AS "stepMetric", step_sync AS "stepSync", hidden,
  NULLIF(summary, '{}') AS summary, goal, unit`

/** Of a run, in SQL: all its definitions in the order in which they were made, as JSON that `metricDefinitionSchema` takes. */
export const definitionsSql = (runId: string): string => `(
  SELECT coalesce(jsonb_agg(to_jsonb(definition) ORDER BY position), '[]')
  FROM (SELECT position, ${definitionColumns} FROM metric_definition WHERE run_id = ${runId}) AS definition)`

/** The definitions of these runs, each run's in the order in which they were made. */
export async function loadDefinitions(
  connection: Connection,
  runIds: readonly string[],
): Promise<{ runId: string; definition: MetricDefinition }[]> {
  const { rows } = await connection.query(
    `SELECT run_id AS "runId", ${definitionColumns}
     FROM metric_definition WHERE run_id = ANY($1) ORDER BY run_id, position`,
    [runIds],
  )
  return z
    .array(metricDefinitionSchema.extend({ runId: z.string() }))
    .parse(rows)
    .map(({ runId, ...definition }) => ({ runId, definition }))
}

/** Writes all definitions of a run. */
export async function saveDefinitions(
  connection: Connection,
  runId: string,
  definitions: readonly MetricDefinition[],
): Promise<void> {
  await connection.query(
    `INSERT INTO metric_definition (run_id, name, position, step_metric, step_sync, hidden, summary, goal, unit)
     SELECT $1, name, position, step_metric, step_sync, hidden,
            ARRAY(SELECT jsonb_array_elements_text(summary)), goal, unit
     FROM jsonb_to_recordset($2::jsonb) AS given (name text, position int, step_metric text, step_sync boolean,
       hidden boolean, summary jsonb, goal text, unit text)
     ON CONFLICT (run_id, name) DO UPDATE SET position = excluded.position, step_metric = excluded.step_metric,
       step_sync = excluded.step_sync, hidden = excluded.hidden, summary = excluded.summary, goal = excluded.goal,
       unit = excluded.unit`,
    [
      runId,
      toJsonText(
        definitions.map((definition, position) => ({
          name: definition.name,
          position,
          step_metric: definition.stepMetric ?? null,
          step_sync: definition.stepSync ?? null,
          hidden: definition.hidden ?? null,
          summary: definition.summary ?? [],
          goal: definition.goal ?? null,
          unit: definition.unit ?? null,
        })),
      ),
    ],
  )
}

/** `z.number()` refuses NaN and the infinities, which totals may well be. */
const anyNumberSchema = z.custom<number>((value) => typeof value === 'number', 'expected a number')

const totalsRowSchema = z.object({
  runId: z.string(),
  stream: streamSchema,
  name: z.string(),
  count: z.coerce.number(),
  finiteCount: z.coerce.number(),
  nanCount: z.coerce.number(),
  first: anyNumberSchema.nullable(),
  last: anyNumberSchema.nullable(),
  min: anyNumberSchema.nullable(),
  max: anyNumberSchema.nullable(),
  sum: anyNumberSchema,
  lastStep: z.number(),
})

/** Which totals to load of a run: those of some metrics, or all of it for `names: null`. */
export type WantedTotals = { runId: string; names: { history: string[]; system: string[] } | null }

/** The totals that are known of the wanted metrics. */
export async function loadTotals(
  connection: Connection,
  wanted: readonly WantedTotals[],
): Promise<{ runId: string; key: string; entry: DocumentTotals }[]> {
  const whole = wanted.flatMap(({ runId, names }) => (names === null ? [runId] : []))
  const single = wanted.flatMap(({ runId, names }) =>
    names === null
      ? []
      : streamSchema.options.flatMap((stream) => names[stream].map((name) => ({ runId, stream, name }))),
  )
  const { rows } = await connection.query(
    `SELECT run_id AS "runId", stream, name, count, finite_count AS "finiteCount", nan_count AS "nanCount", first, last,
            min, max, sum, last_step AS "lastStep"
     FROM run_metric
     WHERE run_id = ANY($1)
       OR (run_id, stream, name) IN (SELECT * FROM unnest($2::uuid[], $3::metric_stream[], $4::text[]))`,
    [whole, single.map(({ runId }) => runId), single.map(({ stream }) => stream), single.map(({ name }) => name)],
  )
  return z
    .array(totalsRowSchema)
    .parse(rows)
    .map(({ runId, stream, name, ...totals }) => ({
      runId,
      key: totalsKey(stream, name),
      entry: { stream, name, totals },
    }))
}

/** Writes totals in the place of those known. */
export async function saveTotals(
  connection: Connection,
  runs: readonly { runId: string; totals: readonly DocumentTotals[] }[],
): Promise<void> {
  const unique = new Map(
    runs.flatMap(({ runId, totals }) =>
      totals.map((entry) => [`${runId}${totalsKey(entry.stream, entry.name)}`, { runId, ...entry }]),
    ),
  )
  const entries = [...unique.values()]
  if (entries.length === 0) return
  const column = <T>(read: (entry: (typeof entries)[number]) => T): T[] => entries.map(read)
  await connection.query(
    `INSERT INTO run_metric (run_id, stream, name, count, finite_count, nan_count, first, last, min, max, sum, last_step)
     SELECT * FROM unnest($1::uuid[], $2::metric_stream[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
       $7::float8[], $8::float8[], $9::float8[], $10::float8[], $11::float8[], $12::float8[])
     ON CONFLICT (run_id, stream, name) DO UPDATE SET count = excluded.count, finite_count = excluded.finite_count,
       nan_count = excluded.nan_count, first = excluded.first, last = excluded.last, min = excluded.min,
       max = excluded.max, sum = excluded.sum, last_step = excluded.last_step`,
    [
      column(({ runId }) => runId),
      column(({ stream }) => stream),
      column(({ name }) => name),
      column(({ totals }) => totals.count),
      column(({ totals }) => totals.finiteCount),
      column(({ totals }) => totals.nanCount),
      column(({ totals }) => totals.first),
      column(({ totals }) => totals.last),
      column(({ totals }) => totals.min),
      column(({ totals }) => totals.max),
      column(({ totals }) => totals.sum),
      column(({ totals }) => totals.lastStep),
    ],
  )
}

const documentRowsSchema = z
  .array(
    z.object({
      lastStep: z.number().nullable(),
      summary: z.record(z.string(), z.json()),
      explicit: z.array(z.string()),
    }),
  )
  .length(1)

/** The document of a run with all its totals; the run is locked until the transaction ends. */
export async function loadDocument(connection: Connection, runId: string): Promise<RunDocument> {
  const { rows } = await connection.query(
    'SELECT last_step AS "lastStep", summary, explicit_summary AS explicit FROM run WHERE id = $1 FOR UPDATE',
    [runId],
  )
  const [row] = documentRowsSchema.parse(rows)
  const definitions = await loadDefinitions(connection, [runId])
  const totals = await loadTotals(connection, [{ runId, names: null }])
  return {
    summary: new Map(Object.entries(row?.summary ?? {})),
    explicit: new Set(row?.explicit),
    definitions: definitions.map(({ definition }) => definition),
    totals: new Map(totals.map(({ key, entry }) => [key, entry])),
    counted: new Map(),
    lastStep: row?.lastStep ?? null,
  }
}

/** What a transaction leaves of a run: null leaves a field as it is. */
export type SavedRun = {
  runId: string
  document: Pick<RunDocument, 'summary' | 'explicit' | 'lastStep'>
  standing: RunStanding | null
  config: WireRecord | null
  labels: RunLabelsPatch | null
  facts?: RunFacts | null
  /** False when it is people who change the run, which is no sign of life. */
  isHeard?: boolean
}

/** Writes runs after batches: summary, last step, standing, config and labels. */
export async function saveRuns(connection: Connection, runs: readonly SavedRun[]): Promise<void> {
  const column = <T>(read: (run: SavedRun) => T): T[] => runs.map(read)
  await connection.query(
    `UPDATE run SET heartbeat_at = CASE WHEN saved.is_heard THEN now() ELSE run.heartbeat_at END, summary = saved.summary::jsonb,
       explicit_summary = ARRAY(SELECT jsonb_array_elements_text(saved.explicit::jsonb)), last_step = saved.last_step,
       config = CASE WHEN saved.config IS NULL THEN run.config ELSE run.config || saved.config::jsonb END,
       state = coalesce(saved.state, run.state),
       exit_code = CASE WHEN saved.state IS NULL THEN run.exit_code ELSE saved.exit_code END,
       finished_at = CASE WHEN saved.state IS NULL THEN run.finished_at
                          ELSE to_timestamp(saved.finished_ms / 1000) END
     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::float8[], $5::text[], $6::run_state[], $7::int[], $8::float8[],
       $9::boolean[]) AS saved (id, summary, explicit, last_step, config, state, exit_code, finished_ms, is_heard)
     WHERE run.id = saved.id`,
    [
      column(({ runId }) => runId),
      column(({ document }) => toJsonText(Object.fromEntries(document.summary))),
      column(({ document }) => toJsonText([...document.explicit])),
      column(({ document }) => document.lastStep),
      column(({ config }) => (config === null ? null : toJsonText(config))),
      column(({ standing }) => standing?.state ?? null),
      column(({ standing }) => standing?.exitCode ?? null),
      column(({ standing }) => standing?.finishedAt ?? null),
      column(({ isHeard = true }) => isHeard),
    ],
  )
  for (const { runId, labels } of runs) if (labels !== null) await saveLabels(connection, runId, labels)
  for (const { runId, facts } of runs) if (facts) await saveFacts(connection, runId, facts)
}

async function saveFacts(connection: Connection, runId: string, { git, host }: RunFacts): Promise<void> {
  await connection.query(
    'UPDATE run SET git = coalesce($2::jsonb, git), host = coalesce($3::jsonb, host) WHERE id = $1',
    [runId, git === undefined ? null : toJsonText(git), host === undefined ? null : toJsonText(host)],
  )
}

/** Writes the labels that are given; those left out stay. */
export async function saveLabels(connection: Connection, runId: string, labels: RunLabelsPatch): Promise<void> {
  await connection.query(
    `UPDATE run SET display_name = coalesce($2::jsonb->>'displayName', display_name),
       run_group = CASE WHEN $2::jsonb ? 'group' THEN $2::jsonb->>'group' ELSE run_group END,
       job_type = CASE WHEN $2::jsonb ? 'jobType' THEN $2::jsonb->>'jobType' ELSE job_type END,
       notes = CASE WHEN $2::jsonb ? 'notes' THEN $2::jsonb->>'notes' ELSE notes END,
       tags = CASE WHEN $2::jsonb ? 'tags' THEN ARRAY(SELECT jsonb_array_elements_text($2::jsonb->'tags')) ELSE tags END
     WHERE id = $1`,
    [runId, toJsonText(labels)],
  )
}
