import type { MetricDefinition } from '@kiroku/core/metrics'
import { isRecord, type WireRecord, type WireValue } from '@kiroku/core/values'
import * as z from 'zod'
import type { Connection, Database } from '../../../database/database.ts'
import { toDatabaseTime } from '../../../database/database-time.ts'
import { toJsonText } from '../../../database/json-text.ts'
import type { OrganizationScope, ProjectScope } from '../../../http/scopes.ts'
import { loadDefinitions } from '../../history/index.ts'
import { type Position, positionSchema, startingPosition } from '../position.ts'
import type { WandbFacts } from './wandb-run.ts'

/** A writer as the protocol's offsets need it. */
export type StreamWriter = {
  ackSeq: number
  position: Position
  isFinished: boolean
  isAlive: boolean
  /** What tells it from the others of a shared run; null as long as it has not said. */
  label: string | null
}

/** What lines of a run are read with: what it has already. */
export type StreamedRun = {
  id: string
  definitions: readonly MetricDefinition[]
  summary: ReadonlyMap<string, WireValue>
  /** The entries of the summary that were set by hand. */
  explicit: ReadonlySet<string>
  lastStep: number | null
  isStopAsked: boolean
  /** It is known that its machine is about to be taken away. */
  isPreempting: boolean
  /** The early termination of its sweep had its agent end it. */
  isStoppedEarly: boolean
}

/** What a run has beside what every run has; `facts` is null for one that no such client ever wrote to. */
export type RunFacts = { facts: WandbFacts | null; isStopAsked: boolean }

/** What is kept of runs for `wandb` clients alone. Runs that are deleted are not there. */
export type WandbRunsRepository = {
  /** Null for a run that no such client ever wrote to. */
  facts(scope: ProjectScope, slug: string): Promise<RunFacts | null>
  /** The same of several runs, by their slugs. */
  factsOf(scope: ProjectScope, slugs: readonly string[]): Promise<Map<string, RunFacts>>
  /** Writes what is given; a run that had none gets the rest as it is at the start. */
  save(scope: ProjectScope, slug: string, facts: Partial<WandbFacts>): Promise<void>
  /** Null when the run has no such writer. */
  writer(scope: ProjectScope, slug: string, writer: string): Promise<StreamWriter | null>
  /** The writers of a run that have a position, which is how far each has come. */
  positions(scope: ProjectScope, slug: string): Promise<Position[]>
  /** Gives a writer its first position; one that it has stays. */
  place(scope: ProjectScope, slug: string, writer: string, position: Position): Promise<void>
  /** Lets a writer that ended, or whose process is gone, begin anew, so that what it sends replaces what it sent. */
  reopen(scope: ProjectScope, slug: string, writer: string): Promise<void>
  /** A process says that it, and so its run, began earlier than it was first heard of, as one that was offline. */
  beganAt(scope: ProjectScope, slug: string, writer: string, time: number): Promise<void>
  /** Names a process of a shared run, which is known before it prints. */
  label(scope: ProjectScope, slug: string, writer: string, label: string): Promise<void>
  streamed(scope: ProjectScope, slug: string): Promise<StreamedRun | null>
  /** Where a run of the organization is; null when there is none. */
  byId(scope: OrganizationScope, id: string): Promise<{ project: string; run: string } | null>
  /** Notes the sweep that a run belongs to. */
  join(scope: ProjectScope, slug: string, sweep: string): Promise<void>
  /** Asks the run's script to end. */
  askToStop(scope: ProjectScope, slug: string): Promise<void>
}

const recordSchema = z.custom<WireRecord>(isRecord, 'expected a record')
const factsRowSchema = z.object({
  session: z.number(),
  isResuming: z.boolean(),
  internal: recordSchema,
  configKeys: z.array(z.string()),
})
const foundSchema = z.array(z.object({ slug: z.string(), facts: factsRowSchema.nullable(), isStopAsked: z.boolean() }))
const writerRowsSchema = z.array(
  z.object({
    ackSeq: z.coerce.number(),
    position: positionSchema,
    isFinished: z.boolean(),
    isAlive: z.boolean(),
    label: z.string().nullable(),
  }),
)
const positionRowsSchema = z.array(z.object({ position: positionSchema }))
const streamedRowsSchema = z.array(
  z.object({
    id: z.string(),
    summary: recordSchema,
    explicit: z.array(z.string()),
    lastStep: z.number().nullable(),
    isStopAsked: z.boolean(),
    isPreempting: z.boolean(),
    isStoppedEarly: z.boolean(),
  }),
)
const placeRowsSchema = z.array(z.object({ project: z.string(), run: z.string() }))

const ofRun = 'r.project_id = $1 AND r.slug = $2 AND r.deleted_at IS NULL'

/** Reads and writes in PostgreSQL. `aliveMs` is how long a live writer may be silent. */
export function createWandbRunsRepository(database: Database, aliveMs: number): WandbRunsRepository {
  const query = (text: string, values: unknown[]) =>
    database.session(async (connection) => (await connection.query(text, values)).rows)

  const factsOf = async ({ projectId }: ProjectScope, slugs: readonly string[]): Promise<Map<string, RunFacts>> => {
    const rows = await query(
      `SELECT r.slug, r.stop_asked_at IS NOT NULL AS "isStopAsked", CASE WHEN w.run_id IS NOT NULL THEN jsonb_build_object(
         'session', w.session, 'isResuming', w.is_resuming, 'internal', w.internal,
         'configKeys', w.config_keys) END AS facts
       FROM run r LEFT JOIN wandb_run w ON w.run_id = r.id
       WHERE r.project_id = $1 AND r.slug = ANY($2) AND r.deleted_at IS NULL`,
      [projectId, slugs],
    )
    return new Map(foundSchema.parse(rows).map(({ slug, ...facts }) => [slug, facts]))
  }

  return {
    factsOf,
    facts: async (scope, slug) => (await factsOf(scope, [slug])).get(slug) ?? null,

    async save({ projectId }, slug, facts) {
      await query(
        `INSERT INTO wandb_run AS w (run_id, session, is_resuming, internal, config_keys)
         SELECT r.id, coalesce((g->>'session')::int, 1), coalesce((g->>'isResuming')::boolean, false),
                coalesce(g->'internal', '{}'), ARRAY(SELECT jsonb_array_elements_text(coalesce(g->'configKeys', '[]')))
         FROM run r, (SELECT $3::jsonb AS g) AS given WHERE ${ofRun}
         ON CONFLICT (run_id) DO UPDATE SET
           session = coalesce(($3::jsonb->>'session')::int, w.session),
           is_resuming = coalesce(($3::jsonb->>'isResuming')::boolean, w.is_resuming),
           internal = coalesce($3::jsonb->'internal', w.internal),
           config_keys = CASE WHEN $3::jsonb ? 'configKeys' THEN excluded.config_keys ELSE w.config_keys END`,
        [projectId, slug, toJsonText(facts)],
      )
    },

    async writer({ projectId }, slug, writer) {
      const rows = await query(
        `SELECT w.ack_seq AS "ackSeq", w.position, w.label, w.finished_at IS NOT NULL AS "isFinished",
                w.heartbeat_at > now() - $4::float8 * interval '1 millisecond' AS "isAlive"
         FROM writer w JOIN run r ON r.id = w.run_id WHERE ${ofRun} AND w.writer = $3 AND w.position IS NOT NULL`,
        [projectId, slug, writer, aliveMs],
      )
      return writerRowsSchema.parse(rows)[0] ?? null
    },

    async positions({ projectId }, slug) {
      const rows = await query(
        `SELECT w.position FROM writer w JOIN run r ON r.id = w.run_id
         WHERE ${ofRun} AND w.position IS NOT NULL ORDER BY w.created_at`,
        [projectId, slug],
      )
      return positionRowsSchema.parse(rows).map(({ position }) => position)
    },

    async place({ projectId }, slug, writer, position) {
      await query(
        `UPDATE writer SET position = $4::jsonb FROM run r
         WHERE r.id = writer.run_id AND ${ofRun} AND writer.writer = $3 AND writer.position IS NULL`,
        [projectId, slug, writer, toJsonText(position)],
      )
    },

    async reopen({ projectId }, slug, writer) {
      await database.transaction(async (connection) => {
        await connection.query(
          `UPDATE run SET state = 'running', exit_code = NULL, finished_at = NULL, heartbeat_at = now(), stop_asked_at = NULL
           WHERE project_id = $1 AND slug = $2 AND deleted_at IS NULL`,
          [projectId, slug],
        )
        await connection.query(
          `UPDATE writer SET finished_at = NULL, finish_state = NULL, exit_code = NULL, started_at = now(),
             heartbeat_at = now(), position = $4::jsonb || jsonb_build_object('media', coalesce(position -> 'media', '[]'))
           FROM run r WHERE r.id = writer.run_id AND ${ofRun} AND writer.writer = $3`,
          [projectId, slug, writer, toJsonText(startingPosition())],
        )
      })
    },

    async beganAt({ projectId }, slug, writer, time) {
      // Every post says it: what is known already writes no row anew.
      await query(
        `WITH began AS (SELECT to_timestamp($4::float8 / 1000)::timestamptz(3) AS at),
           w AS (UPDATE writer SET started_at = began.at FROM run r, began
             WHERE r.id = writer.run_id AND ${ofRun} AND writer.writer = $3 AND writer.started_at > began.at)
         UPDATE run AS r SET started_at = began.at FROM began WHERE ${ofRun} AND r.started_at > began.at`,
        [projectId, slug, writer, toDatabaseTime(time)],
      )
    },

    async label({ projectId }, slug, writer, label) {
      await query(
        `UPDATE writer SET label = $4 FROM run r WHERE r.id = writer.run_id AND ${ofRun} AND writer.writer = $3`,
        [projectId, slug, writer, label],
      )
    },

    streamed: (scope, slug) => database.session((connection) => readStreamed(connection, scope, slug)),

    async byId({ organizationId }, id) {
      const rows = await query(
        `SELECT p.name AS project, r.slug AS run FROM run r JOIN project p ON p.id = r.project_id
         WHERE r.id = $2 AND p.organization_id = $1 AND r.deleted_at IS NULL AND p.deleted_at IS NULL`,
        [organizationId, id],
      )
      return placeRowsSchema.parse(rows)[0] ?? null
    },

    async join({ projectId }, slug, sweep) {
      await query(`UPDATE run AS r SET sweep = $3 WHERE ${ofRun} AND sweep IS DISTINCT FROM $3`, [
        projectId,
        slug,
        sweep,
      ])
    },

    async askToStop({ projectId }, slug) {
      await query(`UPDATE run AS r SET stop_asked_at = coalesce(stop_asked_at, now()) WHERE ${ofRun}`, [
        projectId,
        slug,
      ])
    },
  }
}

async function readStreamed(
  connection: Connection,
  { projectId }: ProjectScope,
  slug: string,
): Promise<StreamedRun | null> {
  const { rows } = await connection.query(
    `SELECT r.id, r.summary, r.explicit_summary AS explicit, r.last_step AS "lastStep",
            r.stop_asked_at IS NOT NULL AS "isStopAsked", r.state = 'preempting' AS "isPreempting",
            r.sweep IS NOT NULL AND EXISTS (SELECT FROM sweep s JOIN sweep_trial t ON t.sweep_id = s.id
              WHERE s.project_id = r.project_id AND s.slug = r.sweep AND t.run = r.slug AND t.stopped_at IS NOT NULL)
              AS "isStoppedEarly"
     FROM run r WHERE ${ofRun}`,
    [projectId, slug],
  )
  const [run] = streamedRowsSchema.parse(rows)
  if (!run) return null
  const definitions = await loadDefinitions(connection, [run.id])
  return {
    id: run.id,
    definitions: definitions.map(({ definition }) => definition),
    summary: new Map(Object.entries(run.summary)),
    explicit: new Set(run.explicit),
    lastStep: run.lastStep,
    isStopAsked: run.isStopAsked,
    isPreempting: run.isPreempting,
    isStoppedEarly: run.isStoppedEarly,
  }
}
