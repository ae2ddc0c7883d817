import { latestAlias, maxLineage, versionNamePattern } from '@kiroku/core/artifacts'
import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import type { Connection, Database } from '../../database/database.ts'
import type { OrganizationScope, ProjectScope } from '../../http/scopes.ts'
import { type ArtifactRun, readArtifacts, runJson, type StoredArtifact, seenRuns } from './artifact-row.ts'
import { membersSql, readCollections, type StoredCollection } from './collection-row.ts'
import { originPrefix } from './origin.ts'

/** A version of a collection: its number there, and the artifact, which a portfolio has from elsewhere. */
export type Membership = {
  collection: StoredCollection
  version: number
  aliases: string[]
  createdAt: number
  artifact: StoredArtifact
}

/** A file of an artifact. `sha256` is null for what is kept elsewhere, at `ref`. */
export type StoredFile = { path: string; digest: string; size: number; sha256: string | null; ref: string | null }

export type Page = { after?: string | undefined; limit: number }
type Organization = Pick<OrganizationScope, 'organizationId'>
export type ArtifactRole = 'input' | 'output'

/** Artifacts that are there for all to see, and, by id alone, those that are pending. Nothing of deleted projects and runs. */
export type ArtifactsRepository = {
  /** Where nothing has the id, what was brought in from where it had it. */
  byId(scope: Organization, id: string): Promise<StoredArtifact | null>
  /** What a client called `clientId`: the one that it made last. */
  byClientId(scope: Organization, clientId: string): Promise<StoredArtifact | null>
  collectionById(scope: Organization, id: string): Promise<StoredCollection | null>
  /** Also one that has no version yet. */
  collection(scope: ProjectScope, name: string): Promise<StoredCollection | null>
  /** Those with versions, by name, of one type or, where it is null, of any but the `hidden`; and how many there are. */
  collections(
    scope: ProjectScope,
    asked: { type: string | null; hidden?: readonly string[] } & Page,
  ): Promise<{ collections: StoredCollection[]; total: number }>
  /** The types of a project by name, when the first artifact of each came (unix milliseconds), and how many there are. */
  types(scope: ProjectScope): Promise<{ type: string; createdAt: number; count: number }[]>
  /** A version by its number (`v0`) or alias; `latest` is the last one where no version has that alias. */
  version(scope: ProjectScope, name: string, version: string): Promise<Membership | null>
  /** By number, the highest first unless `isAscending`; `after` is a number. Only those with all of `tags`. */
  versions(
    scope: Organization,
    collection: StoredCollection,
    asked: Page & { isAscending?: boolean; tags?: readonly string[] },
  ): Promise<{ versions: Membership[]; total: number }>
  /** All collections that have an artifact, its own first. */
  memberships(scope: Organization, artifact: StoredArtifact): Promise<Membership[]>
  /** By path; only those of `paths` where these are given. */
  files(artifact: StoredArtifact, asked: Page & { paths?: readonly string[] }): Promise<StoredFile[]>
  fileCount(artifact: StoredArtifact, paths?: readonly string[]): Promise<number>
  /** The content with an artifact's list of files; null while it has none. */
  manifest(artifact: StoredArtifact): Promise<{ id: string; sha256: string; size: number; md5: string | null } | null>
  /** Some content of the organization's artifacts by its MD5 in base64. */
  contentByMd5(scope: Organization, md5: string): Promise<{ sha256: string; size: number; path: string } | null>
  /** What a run used or made, the last first. Throws NOT_FOUND for an unknown run. */
  byRun(
    scope: ProjectScope,
    run: string,
    role: ArtifactRole,
    page: Page,
  ): Promise<{ artifacts: StoredArtifact[]; total: number }>
  /** Runs that used an artifact, the last first: by artifact, at most `maxLineage` of each, and how many there are. */
  usedBy(artifacts: readonly StoredArtifact[]): Promise<Map<string, { runs: ArtifactRun[]; total: number }>>
}

const countRowsSchema = z.tuple([z.object({ count: z.coerce.number() })])
const idRowsSchema = z.array(z.object({ id: z.string() }))
const typeRowsSchema = z.array(
  z.object({ type: z.string(), count: z.coerce.number(), createdAt: z.date().transform((time) => time.getTime()) }),
)
const memberRowsSchema = z.array(
  z.object({
    id: z.string(),
    collectionId: z.string(),
    version: z.number(),
    createdAt: z.date().transform((time) => time.getTime()),
    aliases: z.array(z.string()),
  }),
)
const fileRowsSchema = z.array(
  z.object({
    path: z.string(),
    digest: z.string(),
    size: z.coerce.number(),
    sha256: z.string().nullable(),
    ref: z.string().nullable(),
  }),
)
const manifestRowsSchema = z.array(
  z.object({ id: z.string(), sha256: z.string(), size: z.coerce.number(), md5: z.string().nullable() }),
)
const contentRowsSchema = z.array(z.object({ sha256: z.string(), size: z.coerce.number(), path: z.string() }))
const usedRowsSchema = z.array(
  z.object({
    id: z.string(),
    total: z.coerce.number(),
    runs: z.array(z.object({ id: z.string(), project: z.string(), run: z.string(), displayName: z.string() })),
  }),
)

const selectMembers = `
  SELECT m.artifact_id AS id, m.collection_id AS "collectionId", m.version, m.created_at AS "createdAt",
    ARRAY(SELECT alias FROM artifact_alias WHERE collection_id = m.collection_id AND artifact_id = m.artifact_id
          ORDER BY alias) AS aliases
  FROM ${membersSql}`

/** Reads artifacts from PostgreSQL. */
export function createArtifactsRepository({ transaction }: Database): ArtifactsRepository {
  const one = async (connection: Connection, scope: Organization, id: string | undefined) =>
    id === undefined ? null : ((await readArtifacts(connection, scope, [id]))[0] ?? null)

  const idOf = async (connection: Connection, scope: Organization, clientId: string): Promise<string | undefined> => {
    const { rows } = await connection.query(
      `SELECT a.id FROM artifact_client k JOIN artifact a ON a.id = k.artifact_id
         JOIN artifact_collection c ON c.id = a.collection_id JOIN project p ON p.id = c.project_id
       WHERE k.client_id = $2 AND p.organization_id = $1 AND p.deleted_at IS NULL ORDER BY a.created_at DESC, a.id LIMIT 1`,
      [scope.organizationId, clientId],
    )
    return idRowsSchema.parse(rows)[0]?.id
  }

  const memberships = async (
    connection: Connection,
    scope: Organization,
    rows: unknown,
    known: readonly StoredCollection[],
  ): Promise<Membership[]> => {
    const members = memberRowsSchema.parse(rows)
    const artifacts = await readArtifacts(connection, scope, [...new Set(members.map(({ id }) => id))])
    const byId = new Map(artifacts.map((artifact) => [artifact.id, artifact]))
    const collections = new Map(known.map((collection) => [collection.collectionId, collection]))
    return members.flatMap(({ id, collectionId, ...member }) => {
      const artifact = byId.get(id)
      const collection = collections.get(collectionId)
      return artifact && collection ? [{ ...member, artifact, collection }] : []
    })
  }

  const collection = (connection: Connection, scope: ProjectScope, name: string) =>
    readCollections(connection, scope, 'c.project_id = $2 AND c.name = $3', [scope.projectId, name])

  return {
    byId: (scope, id) =>
      transaction(
        async (connection) =>
          (await one(connection, scope, id)) ??
          one(connection, scope, await idOf(connection, scope, originPrefix + id)),
      ),

    byClientId: (scope, clientId) =>
      transaction(async (connection) => one(connection, scope, await idOf(connection, scope, clientId))),

    collectionById: (scope, id) =>
      transaction(async (connection) => (await readCollections(connection, scope, 'c.id = $2', [id]))[0] ?? null),

    collection: (scope, name) =>
      transaction(async (connection) => (await collection(connection, scope, name))[0] ?? null),

    collections: (scope, { type, hidden = [], after, limit }) =>
      transaction(async (connection) => {
        const where = `c.project_id = $2 AND ($3::text IS NULL OR c.type = $3) AND c.type <> ALL($4::text[])
          AND EXISTS (SELECT 1 FROM ${membersSql} WHERE m.collection_id = c.id)`
        const values = [scope.projectId, type, type === null ? hidden : []]
        const found = await readCollections(
          connection,
          scope,
          `${where} AND ($5::text IS NULL OR c.name > $5) ORDER BY c.name LIMIT $6`,
          [...values, after ?? null, limit],
        )
        const { rows } = await connection.query(
          `SELECT count(*) FROM artifact_collection c JOIN project p ON p.id = c.project_id AND p.organization_id = $1
           WHERE ${where}`,
          [scope.organizationId, ...values],
        )
        return { collections: found, total: countRowsSchema.parse(rows)[0].count }
      }),

    types: (scope) =>
      transaction(async (connection) => {
        const { rows } = await connection.query(
          `SELECT type, min(created_at) AS "createdAt", count(*) FROM artifact_collection c
           WHERE project_id = $1 AND EXISTS (SELECT 1 FROM artifact_member m WHERE m.collection_id = c.id)
           GROUP BY type ORDER BY type`,
          [scope.projectId],
        )
        return typeRowsSchema.parse(rows)
      }),

    version: (scope, name, version) =>
      transaction(async (connection) => {
        const found = await collection(connection, scope, name)
        const collectionId = found[0]?.collectionId
        if (collectionId === undefined) return null
        const number = versionNamePattern.exec(version)?.[1]
        const { rows } = await connection.query(
          number === undefined
            ? `${selectMembers} LEFT JOIN artifact_alias l
                 ON l.collection_id = m.collection_id AND l.artifact_id = m.artifact_id AND l.alias = $2
               WHERE m.collection_id = $1 AND (l.alias IS NOT NULL OR $2 = '${latestAlias}')
               ORDER BY l.alias IS NOT NULL DESC, m.version DESC LIMIT 1`
            : `${selectMembers} WHERE m.collection_id = $1 AND m.version = $2`,
          [collectionId, number === undefined ? version : Number(number)],
        )
        return (await memberships(connection, scope, rows, found))[0] ?? null
      }),

    versions: (scope, found, { after, limit, isAscending = false, tags = [] }) =>
      transaction(async (connection) => {
        const where = `m.collection_id = $1
          AND ($2::text[] = '{}' OR ma.tags @> $2::text[])`
        const { rows } = await connection.query(
          `${selectMembers} WHERE ${where} AND ($3::int IS NULL OR m.version ${isAscending ? '>' : '<'} $3)
           ORDER BY m.version ${isAscending ? 'ASC' : 'DESC'} LIMIT $4`,
          [found.collectionId, tags, after === undefined ? null : Number(after), limit],
        )
        const versions = await memberships(connection, scope, rows, [found])
        const counted = await connection.query(`SELECT count(*) FROM ${membersSql} WHERE ${where}`, [
          found.collectionId,
          tags,
        ])
        return { versions, total: countRowsSchema.parse(counted.rows)[0].count }
      }),

    memberships: (scope, artifact) =>
      transaction(async (connection) => {
        const { rows } = await connection.query(`${selectMembers} WHERE m.artifact_id = $1 ORDER BY m.created_at`, [
          artifact.id,
        ])
        const ids = memberRowsSchema.parse(rows).map(({ collectionId }) => collectionId)
        const known = await readCollections(connection, scope, 'c.id = ANY($2::uuid[])', [ids])
        return memberships(connection, scope, rows, known)
      }),

    files: ({ id }, { after, limit, paths }) =>
      transaction(async (connection) => {
        const { rows } = await connection.query(
          `SELECT path, digest, size, sha256, ref FROM artifact_file
           WHERE artifact_id = $1 AND ($2::text IS NULL OR path > $2) AND ($3::text[] IS NULL OR path = ANY($3))
           ORDER BY path LIMIT $4`,
          [id, after ?? null, paths ?? null, limit],
        )
        return fileRowsSchema.parse(rows)
      }),

    fileCount: ({ id }, paths) =>
      transaction(async (connection) => {
        const { rows } = await connection.query(
          'SELECT count(*) FROM artifact_file WHERE artifact_id = $1 AND ($2::text[] IS NULL OR path = ANY($2))',
          [id, paths ?? null],
        )
        return countRowsSchema.parse(rows)[0].count
      }),

    manifest: ({ id }) =>
      transaction(async (connection) => {
        const { rows } = await connection.query(
          `SELECT id, sha256, size, md5 FROM artifact_manifest
           WHERE artifact_id = $1 AND sha256 IS NOT NULL AND kind = 'full' ORDER BY created_at DESC LIMIT 1`,
          [id],
        )
        return manifestRowsSchema.parse(rows)[0] ?? null
      }),

    contentByMd5: ({ organizationId }, md5) =>
      transaction(async (connection) => {
        const { rows } = await connection.query(
          `SELECT f.sha256, f.size, f.path FROM blob b
             JOIN artifact_file f ON f.sha256 = b.sha256
             JOIN artifact a ON a.id = f.artifact_id JOIN artifact_collection c ON c.id = a.collection_id
             JOIN project p ON p.id = c.project_id AND p.organization_id = $1 AND p.deleted_at IS NULL
           WHERE b.organization_id = $1 AND b.md5 = $2 LIMIT 1`,
          [organizationId, md5],
        )
        return contentRowsSchema.parse(rows)[0] ?? null
      }),

    byRun: (scope, run, role, { after, limit }) =>
      transaction(async (connection) => {
        const known = await connection.query(
          'SELECT id FROM run WHERE project_id = $1 AND slug = $2 AND deleted_at IS NULL',
          [scope.projectId, run],
        )
        const runId = idRowsSchema.parse(known.rows)[0]?.id
        if (runId === undefined) throw new KirokuError({ code: 'NOT_FOUND', message: `there is no run ${run}` })
        const from = `FROM run_artifact u JOIN artifact a ON a.id = u.artifact_id AND a.state = 'committed'
             JOIN artifact_collection c ON c.id = a.collection_id
             JOIN project p ON p.id = c.project_id AND p.deleted_at IS NULL
           WHERE u.run_id = $1 AND u.role = $2::artifact_role`
        const { rows } = await connection.query(
          `SELECT a.id ${from} ORDER BY u.created_at DESC, a.id OFFSET $3 LIMIT $4`,
          [runId, role, Number(after ?? 0), limit],
        )
        const counted = await connection.query(`SELECT count(*) ${from}`, [runId, role])
        const artifacts = await readArtifacts(
          connection,
          scope,
          idRowsSchema.parse(rows).map(({ id }) => id),
        )
        return { artifacts, total: countRowsSchema.parse(counted.rows)[0].count }
      }),

    usedBy: (artifacts) =>
      transaction(async (connection) => {
        const { rows } = await connection.query(
          `SELECT artifact_id AS id, max(total) AS total, jsonb_agg(reference ORDER BY place) AS runs FROM (
             SELECT u.artifact_id, ${runJson} AS reference, count(*) OVER (PARTITION BY u.artifact_id) AS total,
               row_number() OVER (PARTITION BY u.artifact_id ORDER BY u.created_at DESC, r.id) AS place
             FROM run_artifact u JOIN ${seenRuns} ON r.id = u.run_id
             WHERE u.role = 'input' AND u.artifact_id = ANY($1::uuid[])) AS used
           WHERE place <= ${maxLineage} GROUP BY artifact_id`,
          [artifacts.map(({ id }) => id)],
        )
        return new Map(usedRowsSchema.parse(rows).map(({ id, ...used }) => [id, used]))
      }),
  }
}
