import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import type { Database } from '../../database/database.ts'
import type { OrganizationScope } from '../../http/scopes.ts'

/** What people do to organizations as a whole. */
export type OrganizationsRepository = {
  /** The organization that the server was set up with; the same for ever. */
  homeId(): Promise<string>
  /** When it was deleted. Throws CONFLICT for the organization that the server was set up with. */
  delete(scope: OrganizationScope): Promise<Date>
  /** Throws NOT_FOUND when it can no longer be restored. */
  restore(scope: OrganizationScope): Promise<void>
}

const firstRowsSchema = z.array(z.object({ id: z.string() }))
const deletedRowsSchema = z.array(z.object({ deletedAt: z.date() }))

/** Deletes and restores organizations in PostgreSQL. A deleted one can be restored for `restorableMs`. */
export function createOrganizationsRepository(database: Database, restorableMs: number): OrganizationsRepository {
  let known: string | undefined
  const homeId = async (): Promise<string> => {
    known ??= await database.transaction(async (connection) => {
      const { rows } = await connection.query(
        'SELECT organization_id AS id FROM membership ORDER BY created_at LIMIT 1',
      )
      return firstRowsSchema.parse(rows)[0]?.id
    })
    return known ?? ''
  }
  return {
    homeId,

    delete: ({ organizationId, organization }) =>
      database.transaction(async (connection) => {
        if ((await homeId()) === organizationId) {
          const message = `the server was set up with the organization ${organization} and needs it; delete its projects instead`
          throw new KirokuError({ code: 'CONFLICT', message })
        }
        const { rows } = await connection.query(
          `UPDATE organization SET deleted_at = now() WHERE id = $1 AND deleted_at IS NULL
           RETURNING deleted_at AS "deletedAt"`,
          [organizationId],
        )
        const [deleted] = deletedRowsSchema.parse(rows)
        if (deleted) return deleted.deletedAt
        throw new KirokuError({ code: 'NOT_FOUND', message: `there is no organization ${organization}` })
      }),

    restore: ({ organizationId, organization }) =>
      database.transaction(async (connection) => {
        const { rowCount } = await connection.query(
          `UPDATE organization SET deleted_at = NULL
           WHERE id = $1 AND deleted_at > now() - $2::float8 * interval '1 millisecond'`,
          [organizationId, restorableMs],
        )
        if (rowCount === 1) return
        const message = `there is no deleted organization ${organization} to restore`
        throw new KirokuError({ code: 'NOT_FOUND', message })
      }),
  }
}
