import { KirokuError } from '@kiroku/core/errors'
import { type DeletedProject, type Expiring, keepTag, type updateProjectInputSchema } from '@kiroku/core/projects'
import * as z from 'zod'
import type { Connection, Database } from '../../database/database.ts'
import { isLiveSql } from '../../database/live-runs.ts'
import type { OrganizationScope, ProjectScope } from '../../http/scopes.ts'
import { endsBefore } from './retention.ts'

/** What people do to projects as a whole. */
export type ProjectChanges = {
  /** Throws CONFLICT for a name that another project has, and for a new name while runs are running. Answers its name. */
  update(scope: ProjectScope, set: z.output<typeof updateProjectInputSchema>['set']): Promise<string>
  /** The project is nowhere to be seen from now on; its name is free. Throws NOT_FOUND. */
  delete(scope: ProjectScope): Promise<DeletedProject>
  /**
   * Brings a deleted project back and answers its name. Throws NOT_FOUND when there is none that is not purged yet, and
   * CONFLICT when another project has its name by now.
   */
  restore(scope: OrganizationScope, id: string): Promise<string>
  /** What a retention of so many days would delete. */
  expiring(scope: ProjectScope, retentionDays: number): Promise<Expiring>
}

const nameRowsSchema = z.array(z.object({ name: z.string() }))
const deletedRowsSchema = z.array(z.object({ deletedAt: z.date() }))
const expiringRowsSchema = z
  .array(z.object({ now: z.coerce.number(), soon: z.coerce.number(), kept: z.coerce.number() }))
  .length(1)
const uniqueViolationSchema = z.object({ code: z.literal('23505') })

/** Changes projects in PostgreSQL. A deleted one can be restored for `restorableMs`. */
export function createProjectChanges(database: Database, restorableMs: number): ProjectChanges {
  /** Two projects that are not deleted cannot have one name. */
  const claimName = async (name: string, remedy: string, work: (connection: Connection) => Promise<string>) => {
    try {
      return await database.transaction(work)
    } catch (cause) {
      if (!uniqueViolationSchema.safeParse(cause).success) throw cause
      throw new KirokuError({ code: 'CONFLICT', message: `there is a project ${name} already; ${remedy}`, cause })
    }
  }

  return {
    update: ({ projectId, project }, { name = project, retentionDays }) =>
      claimName(name, 'choose another name', async (connection) => {
        await connection.query('SELECT 1 FROM project WHERE id = $1 FOR UPDATE', [projectId])
        if (name !== project) await refuseWhileRunning(connection, projectId, name)
        const { rows } = await connection.query(
          `UPDATE project SET name = $2, retention_days = CASE WHEN $3 THEN $4 ELSE retention_days END
           WHERE id = $1 AND deleted_at IS NULL RETURNING name`,
          [projectId, name, retentionDays !== undefined, retentionDays ?? null],
        )
        const [renamed] = nameRowsSchema.parse(rows)
        if (renamed) return renamed.name
        throw new KirokuError({ code: 'NOT_FOUND', message: `there is no project ${project}` })
      }),

    delete: ({ projectId, project }) =>
      database.transaction(async (connection) => {
        const { rows } = await connection.query(
          `UPDATE project SET deleted_at = now() WHERE id = $1 AND deleted_at IS NULL RETURNING deleted_at AS "deletedAt"`,
          [projectId],
        )
        const [deleted] = deletedRowsSchema.parse(rows)
        if (!deleted) throw new KirokuError({ code: 'NOT_FOUND', message: `there is no project ${project}` })
        return { id: projectId, name: project, restorableUntil: deleted.deletedAt.getTime() + restorableMs }
      }),

    async restore({ organizationId }, id) {
      const found = await database.prisma.project.findFirst({ where: { id, organizationId }, select: { name: true } })
      const name = found?.name ?? ''
      return claimName(name, 'give that one another name, or delete it', async (connection) => {
        const { rows } = await connection.query(
          `UPDATE project SET deleted_at = NULL
           WHERE id = $1 AND organization_id = $2 AND deleted_at > now() - $3::float8 * interval '1 millisecond'
           RETURNING name`,
          [id, organizationId, restorableMs],
        )
        const [restored] = nameRowsSchema.parse(rows)
        if (restored) return restored.name
        throw new KirokuError({ code: 'NOT_FOUND', message: `there is no deleted project ${id} to restore` })
      })
    },

    expiring: ({ projectId }, retentionDays) =>
      database.transaction(async (connection) => {
        const { rows } = await connection.query(
          `SELECT count(*) FILTER (WHERE NOT is_kept AND is_old) AS now,
                  count(*) FILTER (WHERE NOT is_kept AND NOT is_old) AS soon,
                  count(*) FILTER (WHERE is_kept) AS kept
           FROM (SELECT $3 = ANY(tags) AS is_kept, ${endsBefore('$2::int')} AS is_old
                 FROM run WHERE project_id = $1 AND deleted_at IS NULL AND ${endsBefore('$2::int - 7')}) AS run`,
          [projectId, retentionDays, keepTag],
        )
        const [counted] = expiringRowsSchema.parse(rows)
        return counted ?? { now: 0, soon: 0, kept: 0 }
      }),
  }
}

const runningRowsSchema = z.array(z.object({ count: z.coerce.number() }))

async function refuseWhileRunning(connection: Connection, projectId: string, name: string): Promise<void> {
  const { rows } = await connection.query(
    `SELECT count(*) AS count FROM run WHERE project_id = $1 AND ${isLiveSql('state')} AND deleted_at IS NULL`,
    [projectId],
  )
  const count = runningRowsSchema.parse(rows)[0]?.count ?? 0
  if (count === 0) return
  const message = `the project cannot be named ${name} while ${count === 1 ? 'a run is' : `${count} runs are`} running: scripts send by its name`
  throw new KirokuError({ code: 'CONFLICT', message })
}
