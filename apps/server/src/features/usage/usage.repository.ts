import { runStateSchema } from '@kiroku/core/runs'
import * as z from 'zod'
import type { Database } from '../../database/database.ts'
import type { OrganizationScope, ProjectScope } from '../../http/scopes.ts'

/** How many points and files something has, and the sizes of the files. `id` is a project's or a run's. */
export type Totals = { id: string; pointCount: number; fileCount: number; fileBytes: number }

/** A project that is not purged. */
export type StoredProject = { id: string; name: string; runCount: number; deletedAt: Date | null }

const storedRunSchema = z.object({
  id: z.string(),
  run: z.string(),
  displayName: z.string(),
  state: runStateSchema,
  createdAt: z.date(),
  deletedAt: z.date().nullable(),
})
/** A run that is not purged. */
export type StoredRun = z.infer<typeof storedRunSchema>

/** What of an organization or a project is stored, deleted things included until they are purged. */
export type UsageRepository = {
  projects(scope: OrganizationScope): Promise<StoredProject[]>
  runs(scope: ProjectScope): Promise<StoredRun[]>
  /** By project. One that has nothing is left out. */
  totalsByProject(scope: OrganizationScope): Promise<Totals[]>
  /** By run. One that has nothing is left out. */
  totalsByRun(scope: ProjectScope): Promise<Totals[]>
  /** The bytes of all contents, each once. */
  storedFileBytes(scope: OrganizationScope): Promise<number>
}

const projectRowsSchema = z.array(
  z.object({ id: z.string(), name: z.string(), runCount: z.coerce.number(), deletedAt: z.date().nullable() }),
)
const runRowsSchema = z.array(storedRunSchema)
const totalsRowsSchema = z.array(
  z.object({
    id: z.string(),
    pointCount: z.coerce.number(),
    fileCount: z.coerce.number(),
    fileBytes: z.coerce.number(),
  }),
)
const bytesRowsSchema = z.array(z.object({ bytes: z.coerce.number() }))

const artifactOwner = { 'run.id': 'a.created_by_run', 'run.project_id': 'c.project_id' } as const

/**
 * Contents of artifacts by the run that made them or by their project, each content once: versions share most of them. The lists of
 * their files count as bytes, and are no files.
 */
const artifactTotals = (owner: keyof typeof artifactOwner): string =>
  `SELECT id, 0 AS "pointCount", sum(is_file::int) AS "fileCount", sum(size) AS "fileBytes" FROM (
     SELECT DISTINCT ${artifactOwner[owner]} AS id, f.sha256, f.size, f.is_file
     FROM artifact_collection c JOIN project p ON p.id = c.project_id
       JOIN artifact a ON a.collection_id = c.id
       JOIN LATERAL (SELECT sha256, size, true AS is_file FROM artifact_file WHERE artifact_id = a.id AND sha256 IS NOT NULL
         UNION ALL SELECT sha256, size, false FROM artifact_manifest WHERE artifact_id = a.id AND sha256 IS NOT NULL) AS f ON true
     WHERE ${owner === 'run.id' ? 'c.project_id = $1 AND a.created_by_run IS NOT NULL' : 'p.organization_id = $1'}) AS content
   GROUP BY id`

/** Points and files, those of artifacts included. */
const totalsOf = (owner: keyof typeof artifactOwner, where: string): string =>
  `SELECT id, sum("pointCount") AS "pointCount", sum("fileCount") AS "fileCount", sum("fileBytes") AS "fileBytes"
   FROM (${runTotals(owner, where)} UNION ALL ${artifactTotals(owner)}) AS each GROUP BY id`

/** Adds points and files up: first those of each run, so that no row is met twice. */
const runTotals = (owner: 'run.id' | 'run.project_id', where: string): string =>
  `SELECT ${owner} AS id, coalesce(sum(points.count), 0) AS "pointCount", coalesce(sum(files.count), 0) AS "fileCount",
          coalesce(sum(files.bytes), 0) AS "fileBytes"
   FROM run
     LEFT JOIN (SELECT run_id, sum(count) AS count FROM run_metric
                WHERE run_id IN (SELECT id FROM run WHERE ${where}) GROUP BY run_id) AS points ON points.run_id = run.id
     LEFT JOIN (SELECT run_id, count(*) AS count, sum(size) AS bytes FROM run_file
                WHERE run_id IN (SELECT id FROM run WHERE ${where}) GROUP BY run_id) AS files ON files.run_id = run.id
   WHERE ${where} AND (points.run_id IS NOT NULL OR files.run_id IS NOT NULL)
   GROUP BY ${owner}`

/** Reads from PostgreSQL what is stored. */
export function createUsageRepository(database: Database): UsageRepository {
  const read = <Row>(schema: z.ZodType<Row[]>, sql: string, id: string): Promise<Row[]> =>
    database.transaction(async (connection) => schema.parse((await connection.query(sql, [id])).rows))

  return {
    projects: ({ organizationId }) =>
      read(
        projectRowsSchema,
        `SELECT id, name, deleted_at AS "deletedAt",
                (SELECT count(*) FROM run WHERE project_id = project.id AND purged_at IS NULL) AS "runCount"
         FROM project WHERE organization_id = $1`,
        organizationId,
      ),

    runs: ({ projectId }) =>
      read(
        runRowsSchema,
        `SELECT id, slug AS run, display_name AS "displayName", state, created_at AS "createdAt", deleted_at AS "deletedAt"
         FROM run WHERE project_id = $1 AND purged_at IS NULL`,
        projectId,
      ),

    totalsByProject: ({ organizationId }) =>
      read(
        totalsRowsSchema,
        totalsOf('run.project_id', 'run.project_id IN (SELECT id FROM project WHERE organization_id = $1)'),
        organizationId,
      ),

    totalsByRun: ({ projectId }) => read(totalsRowsSchema, totalsOf('run.id', 'run.project_id = $1'), projectId),

    async storedFileBytes({ organizationId }) {
      const sql = 'SELECT coalesce(sum(size), 0) AS bytes FROM blob WHERE organization_id = $1'
      return (await read(bytesRowsSchema, sql, organizationId))[0]?.bytes ?? 0
    },
  }
}
