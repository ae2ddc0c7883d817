import { runTableTypes } from '@kiroku/core/artifacts'
import { keepTag } from '@kiroku/core/projects'
import * as z from 'zod'
import type { Connection, Database } from '../../database/database.ts'
import { lockIds } from '../../database/lock-ids.ts'
import { changedRunSchema, notify } from '../../database/notifications.ts'
import { endsBefore } from '../projects/index.ts'

/** A deleted run whose points can go: its place in the metric store. */
export type DoomedRun = { project: string; run: string }

/**
 * What is deleted for good, on the server's own behalf: nothing of what it reads reaches a caller, and so it needs no scope.
 * What is found here is found again until it is forgotten, so that a kill in between loses nothing.
 */
export type PurgeRepository = {
  /** Deletes runs for their age, as people would, and gives notice; removes artifacts that were begun and never committed. */
  deleteOld(): Promise<void>
  /** Does `work` unless another server is at it. */
  alone(work: () => Promise<void>): Promise<void>
  /** Runs that were deleted more than `keptMs` ago, their projects not, and still have points. */
  listRuns(keptMs: number): Promise<DoomedRun[]>
  /** Forgets all of deleted runs but that their ids are taken. */
  forgetRuns(runs: readonly string[]): Promise<void>
  /** Projects that were deleted more than `keptMs` ago, or whose organization was. */
  listProjects(keptMs: number): Promise<string[]>
  /** Forgets a deleted project with its runs. Writers that had not finished are remembered, so that they are refused. */
  forgetProject(project: string): Promise<void>
  /** Organizations that were deleted more than `keptMs` ago. */
  listOrganizations(keptMs: number): Promise<string[]>
  /** Forgets a deleted organization with keys, sessions and contents. */
  forgetOrganization(organization: string): Promise<void>
}

const runsAtOnce = 5000
const writersKeptDays = 90
const pendingKeptDays = 7
const lockedRowsSchema = z.array(z.object({ isLocked: z.boolean() }))
const runRowsSchema = z.array(z.object({ project: z.string(), run: z.string() }))
const idRowsSchema = z.array(z.object({ id: z.string() }))
const oldRowsSchema = z.array(changedRunSchema)
const before = (column: string): string => `${column} < now() - $1::float8 * interval '1 millisecond'`

/** Finds and forgets in PostgreSQL. */
export function createPurgeRepository(database: Database): PurgeRepository {
  const ids = (sql: string, keptMs: number): Promise<string[]> =>
    database.transaction(async (connection) => {
      const { rows } = await connection.query(sql, [keptMs])
      return idRowsSchema.parse(rows).map(({ id }) => id)
    })

  return {
    deleteOld: () =>
      database.transaction(async (connection) => {
        const { rows } = await connection.query(
          `UPDATE run SET deleted_at = now() FROM project
           WHERE project.id = run.project_id AND project.deleted_at IS NULL AND run.deleted_at IS NULL
             AND ${endsBefore('project.retention_days')} AND NOT $1 = ANY(run.tags)
           RETURNING project.organization_id AS "organizationId", project.id AS "projectId", project.name AS project,
             run.slug AS run, run.state`,
          [keepTag],
        )
        const old = oldRowsSchema.parse(rows)
        await notify(
          connection,
          old.map((row) => ({ ...row, points: false, created: false, deleted: true })),
        )
        await connection.query(
          `DELETE FROM artifact WHERE state = 'pending' AND created_at < now() - interval '${pendingKeptDays} days'`,
        )
        await connection.query(`DELETE FROM purged_writer WHERE purged_at < now() - interval '${writersKeptDays} days'`)
      }),

    alone: (work) =>
      database.session(async (connection) => {
        const { rows } = await connection.query('SELECT pg_try_advisory_lock($1) AS "isLocked"', [lockIds.purge])
        if (lockedRowsSchema.parse(rows)[0]?.isLocked !== true) return
        await work()
        await connection.query('SELECT pg_advisory_unlock($1)', [lockIds.purge])
      }),

    listRuns: (keptMs) =>
      database.transaction(async (connection) => {
        const { rows } = await connection.query(
          `SELECT project_id AS project, run.id AS run
           FROM run JOIN project ON project.id = run.project_id AND project.deleted_at IS NULL
           WHERE ${before('run.deleted_at')} AND purged_at IS NULL LIMIT ${runsAtOnce}`,
          [keptMs],
        )
        return runRowsSchema.parse(rows)
      }),

    forgetRuns: (runs) =>
      database.transaction(async (connection) => {
        await forgetArtifacts(connection, runs)
        for (const table of ['run_metric', 'run_file', 'metric_definition', 'wandb_run', 'run_artifact'] as const)
          await connection.query(`DELETE FROM ${table} WHERE run_id = ANY($1)`, [runs])
        await connection.query(
          `UPDATE run SET purged_at = now(), config = '{}', summary = '{}', explicit_summary = '{}', notes = NULL,
             tags = '{}', git = '{}', host = '{}'
           WHERE id = ANY($1) AND deleted_at IS NOT NULL`,
          [runs],
        )
      }),

    listProjects: (keptMs) =>
      ids(
        `SELECT project.id FROM project JOIN organization ON organization.id = project.organization_id
         WHERE ${before('project.deleted_at')} OR ${before('organization.deleted_at')}`,
        keptMs,
      ),

    forgetProject: (project) =>
      database.transaction(async (connection) => {
        await rememberWriters(connection, project)
        await connection.query('DELETE FROM project WHERE id = $1', [project])
      }),

    listOrganizations: (keptMs) => ids(`SELECT id FROM organization WHERE ${before('deleted_at')}`, keptMs),

    async forgetOrganization(organization) {
      await database.prisma.organization.deleteMany({ where: { id: organization, deletedAt: { not: null } } })
    },
  }
}

/** Artifacts outlive the runs that made them, but for those of logged tables that no other run uses. */
async function forgetArtifacts(connection: Connection, runs: readonly string[]): Promise<void> {
  const tableTypes = [...runTableTypes.keys()]
  await connection.query(
    `DELETE FROM artifact a USING artifact_collection c
     WHERE c.id = a.collection_id AND c.type = ANY($2) AND a.created_by_run = ANY($1)
       AND NOT EXISTS (SELECT 1 FROM run_artifact u WHERE u.artifact_id = a.id AND u.run_id <> ALL($1))`,
    [runs, tableTypes],
  )
  await connection.query(
    `DELETE FROM artifact_collection c WHERE type = ANY($1)
       AND project_id IN (SELECT project_id FROM run WHERE id = ANY($2))
       AND NOT EXISTS (SELECT 1 FROM artifact a WHERE a.collection_id = c.id)
       AND NOT EXISTS (SELECT 1 FROM artifact_member m WHERE m.collection_id = c.id)`,
    [tableTypes, runs],
  )
  await connection.query('UPDATE artifact SET created_by_run = NULL WHERE created_by_run = ANY($1)', [runs])
}

async function rememberWriters(connection: Connection, project: string): Promise<void> {
  await connection.query(
    `INSERT INTO purged_writer (organization_id, project, writer)
     SELECT project.organization_id, project.name, writer.writer
     FROM project JOIN run ON run.project_id = project.id JOIN writer ON writer.run_id = run.id
     WHERE project.id = $1 AND writer.finished_at IS NULL
     ON CONFLICT DO NOTHING`,
    [project],
  )
}
