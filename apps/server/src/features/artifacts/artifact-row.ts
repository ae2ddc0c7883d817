import { wireRecordSchema } from '@kiroku/core/values'
import * as z from 'zod'
import type { Connection } from '../../database/database.ts'
import type { OrganizationScope } from '../../http/scopes.ts'

const runSchema = z.object({ id: z.string(), project: z.string(), run: z.string(), displayName: z.string() })

/** A run that made or used an artifact. */
export type ArtifactRun = z.infer<typeof runSchema>

const aliasSchema = z.object({
  alias: z.string(),
  collectionId: z.string(),
  collection: z.string(),
  project: z.string(),
})

const timeSchema = z.date().transform((time) => time.getTime())

/** Of which kind a collection is, by its place in the database. */
export const collectionShape = {
  collectionId: z.string(),
  projectId: z.string(),
  project: z.string(),
  name: z.string(),
  type: z.string(),
}

const artifactRowSchema = z.object({
  ...collectionShape,
  id: z.string(),
  state: z.enum(['pending', 'committed']),
  digest: z.string(),
  description: z.string().nullable(),
  metadata: wireRecordSchema,
  tags: z.array(z.string()),
  size: z.coerce.number(),
  fileCount: z.number(),
  historyStep: z.coerce.number().nullable(),
  linkSecret: z.instanceof(Uint8Array),
  createdAt: timeSchema,
  updatedAt: timeSchema,
  /** Its number in its own collection; null while it is pending. */
  version: z.number().nullable(),
  aliases: z.array(aliasSchema),
  createdBy: runSchema.nullable(),
})

/** An artifact as it is stored; times in unix milliseconds, `size` in bytes, `metadata` in wire form. */
export type StoredArtifact = z.infer<typeof artifactRowSchema>
const artifactRowsSchema = z.array(artifactRowSchema)

/** Runs that are to be seen, as JSON. `r` is the run and `rp` its project. */
export const runJson = `jsonb_build_object('id', r.id, 'project', rp.name, 'run', r.slug, 'displayName', r.display_name)`
export const seenRuns =
  'run r JOIN project rp ON rp.id = r.project_id AND r.deleted_at IS NULL AND rp.deleted_at IS NULL'

const selectArtifacts = `
  SELECT a.id, a.state, a.digest, a.description, a.metadata, a.tags, a.size, a.file_count AS "fileCount",
    a.history_step AS "historyStep", a.link_secret AS "linkSecret", a.created_at AS "createdAt", a.updated_at AS "updatedAt",
    c.id AS "collectionId", c.name, c.type, p.id AS "projectId", p.name AS project, m.version,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('alias', l.alias, 'collectionId', lc.id, 'collection', lc.name,
         'project', lp.name) ORDER BY lc.is_portfolio, l.alias), '[]')
       FROM artifact_alias l JOIN artifact_collection lc ON lc.id = l.collection_id
         JOIN project lp ON lp.id = lc.project_id AND lp.deleted_at IS NULL
       WHERE l.artifact_id = a.id) AS aliases,
    (SELECT ${runJson} FROM ${seenRuns} WHERE r.id = a.created_by_run) AS "createdBy"
  FROM artifact a
    JOIN artifact_collection c ON c.id = a.collection_id
    JOIN project p ON p.id = c.project_id AND p.deleted_at IS NULL AND p.organization_id = $1
    JOIN organization o ON o.id = p.organization_id AND o.deleted_at IS NULL
    LEFT JOIN artifact_member m ON m.collection_id = a.collection_id AND m.artifact_id = a.id`

/** The organization's artifacts of these ids, in their order; those that there are not are left out. */
export async function readArtifacts(
  connection: Connection,
  { organizationId }: Pick<OrganizationScope, 'organizationId'>,
  ids: readonly string[],
): Promise<StoredArtifact[]> {
  if (ids.length === 0) return []
  const { rows } = await connection.query(`${selectArtifacts} WHERE a.id = ANY($2::uuid[])`, [organizationId, ids])
  const byId = new Map(artifactRowsSchema.parse(rows).map((artifact) => [artifact.id, artifact]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}
