import { KirokuError } from '@kiroku/core/errors'
import { newRunSlug } from '@kiroku/core/ids'
import type { SweepConfig, SweepDocument } from '@kiroku/core/sweeps/sweep-config'
import {
  maxSweepRuns,
  type Sweep,
  type SweepAction,
  type SweepDetails,
  sweepAgentSchema,
  sweepRunSchema,
  sweepSchema,
} from '@kiroku/core/sweeps/sweeps'
import * as z from 'zod'
import type { Connection, Database } from '../../database/database.ts'
import { toJsonText } from '../../database/json-text.ts'
import { isLiveSql } from '../../database/live-runs.ts'
import type { OrganizationScope, ProjectScope } from '../../http/scopes.ts'
import {
  agentSilenceMs,
  configOfRow,
  isTrialOpen,
  metricSql,
  runsOfSweep,
  type SweepRow,
  sweepColumns,
  sweepRowSchema,
} from './sweep-rows.ts'
import { stateAfter } from './sweep-states.ts'

/** What a sweep is made of or changed to. `expectedRuns` follows from `config`. */
export type SweepContent = {
  document: SweepDocument
  config: SweepConfig
  expectedRuns: number | null
  displayName: string | null
}

/** Sweeps of one project. */
export type SweepsRepository = {
  /** Makes a sweep, and answers its id. `priorRuns` that there are become its first runs. */
  create(scope: ProjectScope, content: SweepContent, priorRuns: readonly string[]): Promise<string>
  /** Throws NOT_FOUND, and what `check` throws. */
  change(scope: ProjectScope, slug: string, content: SweepContent, check: (before: SweepRow) => void): Promise<void>
  /** Throws NOT_FOUND, and CONFLICT for what a sweep of its state cannot do. Cancelling asks its runs' scripts to end. */
  act(scope: ProjectScope, slug: string, action: SweepAction): Promise<void>
  /** Newest first. */
  list(scope: ProjectScope): Promise<Sweep[]>
  /** Throws NOT_FOUND. */
  byId(scope: ProjectScope, slug: string): Promise<Sweep>
  /** Throws NOT_FOUND. */
  details(scope: ProjectScope, slug: string): Promise<SweepDetails>
  /** Where a sweep of the organization is; null when there is none. */
  place(scope: OrganizationScope, id: string): Promise<{ project: string; sweep: string } | null>
}

const noSweep = (slug: string): KirokuError =>
  new KirokuError({ code: 'NOT_FOUND', message: `there is no sweep ${slug} in this project` })

const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`

const listedRowSchema = sweepSchema.omit({ organization: true, project: true })
const slugRowsSchema = z.array(z.object({ slug: z.string() }))
const placeRowsSchema = z.array(z.object({ project: z.string(), sweep: z.string() }))
const detailRunSchema = sweepRunSchema.extend({ total: z.coerce.number() })

/** Reads and changes sweeps in PostgreSQL. `aliveMs` is how long a run may be silent. */
export function createSweepsRepository(database: Database, aliveMs: number): SweepsRepository {
  const heardMs = agentSilenceMs(aliveMs)
  const read = async (connection: Connection, scope: ProjectScope, slug: string | null): Promise<Sweep[]> => {
    await settle(connection, scope, slug)
    const value = metricSql(`s.config->'metric'->>'name'`, `s.config->'metric'->>'goal'`)
    const { rows } = await connection.query(
      `SELECT s.id, s.slug, s.display_name AS "displayName", s.description, s.state, s.config,
              ${ms('s.created_at')} AS "createdAt", ${ms('s.updated_at')} AS "updatedAt",
              s.expected_runs AS "expectedRuns",
              (SELECT count(*)::int FROM ${runsOfSweep}) AS "runCount",
              (SELECT count(*)::int FROM ${runsOfSweep} AND ${isLiveSql('r.state')}) AS "runningCount",
              (SELECT count(*)::int FROM sweep_agent a WHERE a.sweep_id = s.id AND a.exited_at IS NULL
                 AND a.heartbeat_at > now() - $3::float8 * interval '1 millisecond') AS "liveAgents",
              (SELECT jsonb_build_object('run', r.slug, 'value', v.value)
               FROM run r CROSS JOIN LATERAL (SELECT ${value} AS value) AS v
               WHERE r.project_id = s.project_id AND r.sweep = s.slug AND r.deleted_at IS NULL AND v.value IS NOT NULL
               ORDER BY CASE WHEN s.config->'metric'->>'goal' = 'maximize' THEN -v.value ELSE v.value END, r.created_at
               LIMIT 1) AS best
       FROM sweep s WHERE s.project_id = $1 AND ($2::text IS NULL OR s.slug = $2)
       ORDER BY s.created_at DESC, s.id DESC`,
      [scope.projectId, slug, heardMs],
    )
    const { organization, project } = scope
    return z
      .array(listedRowSchema)
      .parse(rows)
      .map((row) => ({ ...row, organization, project }))
  }

  const one = async (connection: Connection, scope: ProjectScope, slug: string): Promise<Sweep> => {
    const [found] = await read(connection, scope, slug)
    if (!found) throw noSweep(slug)
    return found
  }

  return {
    create: (scope, { document, config, expectedRuns, displayName }, priorRuns) =>
      database.transaction(async (connection) => {
        const slug = newRunSlug()
        const seed = Math.floor(Math.random() * 2 ** 31)
        await connection.query(
          `INSERT INTO sweep (project_id, slug, display_name, description, config, seed, expected_runs)
           VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7)`,
          [
            scope.projectId,
            slug,
            displayName || config.name || slug,
            config.description ?? null,
            toJsonText(document),
            seed,
            expectedRuns,
          ],
        )
        if (priorRuns.length > 0)
          await connection.query(
            'UPDATE run SET sweep = $2 WHERE project_id = $1 AND slug = ANY($3) AND deleted_at IS NULL',
            [scope.projectId, slug, priorRuns],
          )
        return slug
      }),

    change: (scope, slug, { document, config, expectedRuns, displayName }, check) =>
      database.transaction(async (connection) => {
        const sweep = await lock(connection, scope, slug)
        check(sweep)
        await connection.query(
          `UPDATE sweep SET config = $2::jsonb, expected_runs = $3, description = $4, updated_at = now(),
             display_name = coalesce($5, display_name) WHERE id = $1`,
          [
            sweep.id,
            toJsonText(document),
            expectedRuns,
            config.description ?? null,
            displayName || config.name || null,
          ],
        )
      }),

    act: (scope, slug, action) =>
      database.transaction(async (connection) => {
        const sweep = await lock(connection, scope, slug)
        const state = stateAfter(sweep, action)
        if (state === sweep.state) return
        await connection.query('UPDATE sweep SET state = $2::sweep_state, updated_at = now() WHERE id = $1', [
          sweep.id,
          state,
        ])
        if (action === 'cancel')
          await connection.query(
            `UPDATE run SET stop_asked_at = coalesce(stop_asked_at, now())
             WHERE project_id = $1 AND sweep = $2 AND ${isLiveSql('state')} AND deleted_at IS NULL`,
            [scope.projectId, slug],
          )
      }),

    list: (scope) => database.transaction((connection) => read(connection, scope, null)),
    byId: (scope, slug) => database.transaction((connection) => one(connection, scope, slug)),

    details: (scope, slug) =>
      database.transaction(async (connection) => {
        const sweep = await one(connection, scope, slug)
        const agents = await connection.query(
          `SELECT a.id, a.host, ${ms('a.created_at')} AS "createdAt", ${ms('a.heartbeat_at')} AS "heartbeatAt",
                  CASE WHEN a.exited_at IS NOT NULL THEN 'exited'
                       WHEN a.heartbeat_at > now() - $2::float8 * interval '1 millisecond' THEN 'live' ELSE 'gone' END AS state,
                  (SELECT count(*)::int FROM sweep_trial t WHERE t.agent_id = a.id AND t.dropped_at IS NULL) AS "runCount"
           FROM sweep_agent a WHERE a.sweep_id = $1 ORDER BY a.created_at, a.id`,
          [sweep.id, heardMs],
        )
        const { metric } = configOfRow(sweep)
        const { rows } = await connection.query(
          `SELECT r.slug AS run, r.display_name AS "displayName", r.state, ${ms('r.created_at')} AS "createdAt",
                  r.config - ARRAY(SELECT jsonb_object_keys(r.config) EXCEPT
                                   SELECT jsonb_object_keys(s.config->'parameters')) AS config,
                  ${metricSql('$2::text', '$3::text')} AS value,
                  EXISTS (SELECT FROM sweep_trial t WHERE t.sweep_id = s.id AND t.run = r.slug AND t.stopped_at IS NOT NULL)
                    AS "isStoppedEarly", count(*) OVER () AS total
           FROM sweep s, run r
           WHERE s.id = $1 AND r.project_id = s.project_id AND r.sweep = s.slug AND r.deleted_at IS NULL
           ORDER BY r.created_at DESC, r.id DESC LIMIT $4`,
          [sweep.id, metric?.name ?? '', metric?.goal ?? 'minimize', maxSweepRuns],
        )
        const runs = z.array(detailRunSchema).parse(rows)
        return {
          sweep,
          agents: z.array(sweepAgentSchema).parse(agents.rows),
          runs: runs.map(({ total: _total, ...run }) => run).reverse(),
          leftOut: Math.max(0, (runs[0]?.total ?? 0) - runs.length),
        }
      }),

    async place({ organizationId }, id) {
      const rows = await database.session(async (connection) => {
        const found = await connection.query(
          `SELECT p.name AS project, s.slug AS sweep FROM sweep s JOIN project p ON p.id = s.project_id
           WHERE s.id = $2 AND p.organization_id = $1 AND p.deleted_at IS NULL`,
          [organizationId, id],
        )
        return found.rows
      })
      return placeRowsSchema.parse(rows)[0] ?? null
    },
  }
}

async function lock(connection: Connection, { projectId }: ProjectScope, slug: string): Promise<SweepRow> {
  const { rows } = await connection.query(
    `SELECT ${sweepColumns} FROM sweep s WHERE s.project_id = $1 AND s.slug = $2 FOR UPDATE`,
    [projectId, slug],
  )
  const [found] = z.array(sweepRowSchema).parse(rows)
  if (!found) throw noSweep(slug)
  return found
}

/** Sweeps that handed out all of their runs, of which none goes on, have finished: their last agent may not be there to say so. */
async function settle(connection: Connection, { projectId }: ProjectScope, slug: string | null): Promise<void> {
  const { rows } = await connection.query(
    `SELECT s.slug FROM sweep s WHERE s.project_id = $1 AND ($2::text IS NULL OR s.slug = $2)
       AND s.state IN ('running', 'paused') AND s.issued >= s.expected_runs
       AND NOT EXISTS (SELECT FROM sweep_trial t WHERE t.sweep_id = s.id AND ${isTrialOpen})`,
    [projectId, slug],
  )
  const settled = slugRowsSchema.parse(rows).map((row) => row.slug)
  if (settled.length > 0)
    await connection.query(
      `UPDATE sweep SET state = 'finished', updated_at = now()
       WHERE project_id = $1 AND slug = ANY($2) AND state IN ('running', 'paused')`,
      [projectId, settled],
    )
}
