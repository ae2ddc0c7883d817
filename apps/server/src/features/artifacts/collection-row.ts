import * as z from 'zod'
import type { Connection } from '../../database/database.ts'
import type { OrganizationScope } from '../../http/scopes.ts'
import { collectionShape } from './artifact-row.ts'

const timeSchema = z.date().transform((time) => time.getTime())

const collectionRowsSchema = z.array(
  z.object({
    ...collectionShape,
    isPortfolio: z.boolean(),
    description: z.string().nullable(),
    tags: z.array(z.string()),
    createdAt: timeSchema,
    versionCount: z.coerce.number(),
    /** Of the last version; null where there is none. */
    latest: z.object({ id: z.string(), version: z.number(), size: z.number(), at: z.number() }).nullable(),
  }),
)

/** An artifact's name with what is known of its versions. Times in unix milliseconds, sizes in bytes. */
export type StoredCollection = z.infer<typeof collectionRowsSchema>[number]

/** SQL: members of collections, `m`, but for those that are linked from a project that is deleted, which may come back. */
export const membersSql = `artifact_member m JOIN artifact ma ON ma.id = m.artifact_id
  JOIN artifact_collection mc ON mc.id = ma.collection_id JOIN project mp ON mp.id = mc.project_id AND mp.deleted_at IS NULL`

const selectCollections = `
  SELECT c.id AS "collectionId", c.name, c.type, c.is_portfolio AS "isPortfolio", c.description, c.tags,
    c.created_at AS "createdAt", p.id AS "projectId", p.name AS project,
    (SELECT count(*) FROM ${membersSql} WHERE m.collection_id = c.id) AS "versionCount",
    (SELECT jsonb_build_object('id', ma.id, 'version', m.version, 'size', ma.size,
        'at', floor(extract(epoch FROM m.created_at) * 1000))
      FROM ${membersSql}
      WHERE m.collection_id = c.id ORDER BY m.version DESC LIMIT 1) AS latest
  FROM artifact_collection c JOIN project p ON p.id = c.project_id AND p.deleted_at IS NULL AND p.organization_id = $1`

/**
 * The organization's collections for which `where` is true, by name. `where` is a condition over `c` and `p` of the code's own,
 * with values from `$2` on.
 */
export async function readCollections(
  connection: Connection,
  { organizationId }: Pick<OrganizationScope, 'organizationId'>,
  where: string,
  values: readonly unknown[],
): Promise<StoredCollection[]> {
  const { rows } = await connection.query(`${selectCollections} WHERE ${where}`, [organizationId, ...values])
  return collectionRowsSchema.parse(rows)
}
