import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import type { Connection, Database } from '../../database/database.ts'
import type { OrganizationScope } from '../../http/scopes.ts'
import { lockArtifact } from './open-artifact.repository.ts'

export type ManifestKind = 'full' | 'incremental' | 'patch'

/** A list of files that came for an artifact. */
export type PendingManifest = { id: string; kind: ManifestKind; baseArtifactId: string | null; sha256: string }

type Organization = Pick<OrganizationScope, 'organizationId'>

/**
 * The lists of files by which a pending artifact is told what it is made of, each change in one transaction. An id of another
 * organization is NOT_FOUND, as one that nothing has.
 */
export type ArtifactManifests = {
  /** Announces a list of files for an artifact; one for an artifact that was committed meanwhile, by another process, is never read. */
  add(
    scope: Organization,
    manifest: { artifactId: string; kind: ManifestKind; baseArtifactId: string | null; md5: string | null },
  ): Promise<{ id: string }>
  /** Changes what was announced; what is null stays. */
  update(
    scope: Organization,
    id: string,
    set: { md5: string | null; baseArtifactId: string | null },
  ): Promise<{ id: string }>
  /** The hash that a list was announced with, which may be null. Throws NOT_FOUND. */
  md5(scope: Organization, id: string): Promise<string | null>
  /** A list of files has come; of an artifact that is committed nothing changes any more. */
  receive(scope: Organization, id: string, content: { sha256: string; size: number }): Promise<void>
  /** Lists that have come, in the order in which they were announced; the id of the version before where there is one. */
  list(scope: Organization, artifactId: string): Promise<{ manifests: PendingManifest[]; latestId: string | null }>
}

const idRowsSchema = z.array(z.object({ id: z.string() }))
const manifestRowsSchema = z.array(
  z.object({
    id: z.string(),
    kind: z.enum(['full', 'incremental', 'patch']),
    baseArtifactId: z.string().nullable(),
    sha256: z.string(),
  }),
)
const md5RowsSchema = z.array(z.object({ md5: z.string().nullable(), artifactId: z.string() }))

export function createArtifactManifests({ transaction }: Database): ArtifactManifests {
  const manifestOf = async (connection: Connection, { organizationId }: Organization, id: string) => {
    const { rows } = await connection.query(
      `SELECT m.md5, m.artifact_id AS "artifactId" FROM artifact_manifest m JOIN artifact a ON a.id = m.artifact_id
         JOIN artifact_collection c ON c.id = a.collection_id JOIN project p ON p.id = c.project_id
       WHERE m.id = $2 AND p.organization_id = $1 AND p.deleted_at IS NULL`,
      [organizationId, id],
    )
    const [manifest] = md5RowsSchema.parse(rows)
    if (!manifest) throw new KirokuError({ code: 'NOT_FOUND', message: 'there is no manifest of this id' })
    return manifest
  }

  return {
    add: (scope, { artifactId, kind, baseArtifactId, md5 }) =>
      transaction(async (connection) => {
        await lockArtifact(connection, scope, artifactId)
        const { rows } = await connection.query(
          `INSERT INTO artifact_manifest (artifact_id, kind, base_artifact_id, md5)
           VALUES ($1, $2::artifact_manifest_kind, $3, $4) RETURNING id`,
          [artifactId, kind, baseArtifactId, md5],
        )
        return z.tuple([z.object({ id: z.string() })]).parse(rows)[0]
      }),

    update: (scope, id, { md5, baseArtifactId }) =>
      transaction(async (connection) => {
        await manifestOf(connection, scope, id)
        await connection.query(
          `UPDATE artifact_manifest SET md5 = coalesce($2, md5), base_artifact_id = coalesce($3, base_artifact_id)
           WHERE id = $1`,
          [id, md5, baseArtifactId],
        )
        return { id }
      }),

    md5: (scope, id) => transaction(async (connection) => (await manifestOf(connection, scope, id)).md5),

    receive: (scope, id, { sha256, size }) =>
      transaction(async (connection) => {
        const { artifactId } = await manifestOf(connection, scope, id)
        const { artifact } = await lockArtifact(connection, scope, artifactId)
        if (artifact.state === 'pending')
          await connection.query('UPDATE artifact_manifest SET sha256 = $2, size = $3 WHERE id = $1', [
            id,
            sha256,
            size,
          ])
      }),

    list: (scope, artifactId) =>
      transaction(async (connection) => {
        const { collection } = await lockArtifact(connection, scope, artifactId)
        const { rows } = await connection.query(
          `SELECT id, kind, base_artifact_id AS "baseArtifactId", sha256 FROM artifact_manifest
           WHERE artifact_id = $1 AND sha256 IS NOT NULL ORDER BY created_at, id`,
          [artifactId],
        )
        const latest = await connection.query(
          'SELECT artifact_id AS id FROM artifact_member WHERE collection_id = $1 ORDER BY version DESC LIMIT 1',
          [collection.id],
        )
        return { manifests: manifestRowsSchema.parse(rows), latestId: idRowsSchema.parse(latest.rows)[0]?.id ?? null }
      }),
  }
}
