import { randomBytes } from 'node:crypto'
import {
  type ArtifactCollectionRecord,
  type ArtifactVersionRecord,
  type ImportedArtifact,
  type LineageRecord,
  lineageRecordSchema,
  type MadeVersion,
  type VersionReference,
} from '@kiroku/core/artifact-records'
import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import type { Connection, Database } from '../../database/database.ts'
import { toDatabaseTime } from '../../database/database-time.ts'
import { toJsonText } from '../../database/json-text.ts'
import type { ProjectScope } from '../../http/scopes.ts'
import { type CommittedFiles, holdContents, insertFiles, setManifest, sizeOf } from './committed-files.ts'
import { type LockedCollection, linkSecretBytes, lockCollection } from './open-artifact.repository.ts'
import { originPrefix } from './origin.ts'

/** A version that was made in the collection, and the files that are stored for it; null where the version was found to be there. */
export type MadeWithFiles = { made: MadeVersion; files: CommittedFiles | null }
type Placed = Pick<ArtifactVersionRecord, 'version' | 'createdAt' | 'aliases'>

/**
 * Artifacts that come from elsewhere, under the names and numbers that they had. What is there stays as it is: the same again
 * changes nothing but which run made a version, where that was not known.
 */
export type ImportedArtifacts = {
  /** Makes a collection of the project where there is none. Throws BAD_REQUEST for one of another kind. */
  collection(scope: ProjectScope, collection: ArtifactCollectionRecord): Promise<void>
  /** Whether a collection has the version. Throws CONFLICT where it has another one of that number. */
  has(scope: ProjectScope, name: string, version: number, digest: string): Promise<boolean>
  /** Throws as `collection` and `has`, and UNAVAILABLE for a content that is gone. */
  made(
    scope: ProjectScope,
    collection: ArtifactCollectionRecord,
    placed: Placed,
    version: MadeWithFiles,
  ): Promise<ImportedArtifact>
  /** Throws as `collection` and `has`, and NOT_FOUND where the organization does not have the version that is linked. */
  linked(
    scope: ProjectScope,
    collection: ArtifactCollectionRecord,
    placed: Placed,
    reference: VersionReference,
  ): Promise<ImportedArtifact>
  /** Notes what runs used and made; answers what there is no run or version for. */
  lineage(scope: ProjectScope, lineage: readonly LineageRecord[]): Promise<LineageRecord[]>
}

const idRowsSchema = z.array(z.object({ id: z.string() }))
const knownRowsSchema = z.array(z.object({ id: z.string(), digest: z.string() }))
const aliasRowsSchema = z.array(z.object({ alias: z.string() }))
const missingRowsSchema = z.array(z.object({ record: lineageRecordSchema }))

const timeOf = (ms: number): Date => new Date(toDatabaseTime(ms))

export function createImportedArtifacts({ transaction }: Database): ImportedArtifacts {
  const place = async (
    connection: Connection,
    collection: LockedCollection,
    { version, createdAt, aliases }: Placed,
    artifactId: string,
  ): Promise<ImportedArtifact> => {
    await connection.query(
      'INSERT INTO artifact_member (collection_id, version, artifact_id, created_at) VALUES ($1, $2, $3, $4)',
      [collection.id, version, artifactId, timeOf(createdAt)],
    )
    const { rows } = await connection.query(
      `INSERT INTO artifact_alias (collection_id, alias, artifact_id) SELECT $1, alias, $2 FROM unnest($3::text[]) AS alias
       ON CONFLICT DO NOTHING RETURNING alias`,
      [collection.id, artifactId, aliases],
    )
    const given = new Set(aliasRowsSchema.parse(rows).map(({ alias }) => alias))
    return { isKnown: false, takenAliases: aliases.filter((alias) => !given.has(alias)) }
  }
  const known: ImportedArtifact = { isKnown: true, takenAliases: [] }

  return {
    collection: (scope, collection) =>
      transaction(async (connection) => {
        await openCollection(connection, scope, collection)
      }),

    has: ({ projectId }, name, version, digest) =>
      transaction(async (connection) => {
        const { rows } = await connection.query(
          `SELECT a.id, a.digest FROM artifact_collection c JOIN artifact_member m ON m.collection_id = c.id
             JOIN artifact a ON a.id = m.artifact_id
           WHERE c.project_id = $1 AND c.name = $2 AND m.version = $3`,
          [projectId, name, version],
        )
        return isSame(knownRowsSchema.parse(rows)[0], { name, version, digest })
      }),

    made: (scope, collection, placed, { made, files }) =>
      transaction(async (connection) => {
        const locked = await openCollection(connection, scope, collection)
        const maker = await runOf(connection, scope, made.createdBy)
        const same = await memberOf(connection, locked, placed.version)
        if (isSame(same, { name: collection.name, version: placed.version, digest: made.digest })) {
          await connection.query(
            'UPDATE artifact SET created_by_run = $2 WHERE id = $1 AND created_by_run IS NULL AND collection_id = $3',
            [same?.id, maker, locked.id],
          )
          return known
        }
        if (files === null) throw justDeleted(`${collection.name}:v${placed.version}`)
        await holdContents(connection, scope, files)
        const id = await insertVersion(connection, locked, { made, files, maker })
        await insertFiles(connection, id, files.files)
        await setManifest(connection, id, files.manifest)
        const names = [...new Set([...made.clients, `${originPrefix}${made.id}`])]
        await connection.query(
          'INSERT INTO artifact_client (client_id, artifact_id) SELECT name, $1 FROM unnest($2::text[]) AS name',
          [id, names],
        )
        return place(connection, locked, placed, id)
      }),

    linked: (scope, collection, placed, reference) =>
      transaction(async (connection) => {
        const locked = await openCollection(connection, scope, collection)
        const same = await memberOf(connection, locked, placed.version)
        const { name } = collection
        if (isSame(same, { name, version: placed.version, digest: reference.digest })) return known
        const id = await findLinked(connection, scope, reference)
        const member = await connection.query(
          'SELECT artifact_id AS id FROM artifact_member WHERE collection_id = $1 AND artifact_id = $2',
          [locked.id, id],
        )
        return member.rowCount === 0 ? place(connection, locked, placed, id) : known
      }),

    lineage: ({ organizationId, projectId }, lineage) =>
      transaction(async (connection) => {
        const { rows } = await connection.query(
          `WITH given AS (
             SELECT record, ordinality AS place, r.id AS run_id, m.artifact_id FROM jsonb_array_elements($3::jsonb) WITH ORDINALITY AS told (record)
               LEFT JOIN run r ON r.project_id = $2 AND r.slug = record->>'run' AND r.deleted_at IS NULL
               LEFT JOIN project p ON p.organization_id = $1 AND p.deleted_at IS NULL
                 AND CASE WHEN record->'artifact'->>'project' IS NULL THEN p.id = $2 ELSE p.name = record->'artifact'->>'project' END
               LEFT JOIN artifact_collection c ON c.project_id = p.id AND c.name = record->'artifact'->>'name'
               LEFT JOIN LATERAL (SELECT a.id AS artifact_id FROM artifact_member m JOIN artifact a
                   ON a.id = m.artifact_id AND a.collection_id = c.id AND a.digest = record->'artifact'->>'digest'
                 WHERE m.collection_id = c.id AND m.version = (record->'artifact'->>'version')::int) AS m ON true),
           noted AS (
             INSERT INTO run_artifact (run_id, artifact_id, role, used_as, created_at)
             SELECT run_id, artifact_id, (record->>'role')::artifact_role, record->>'usedAs',
               to_timestamp((record->>'createdAt')::float8 / 1000)
             FROM given WHERE run_id IS NOT NULL AND artifact_id IS NOT NULL
             ON CONFLICT DO NOTHING)
           SELECT record FROM given WHERE run_id IS NULL OR artifact_id IS NULL ORDER BY place`,
          [organizationId, projectId, toJsonText(lineage)],
        )
        return missingRowsSchema.parse(rows).map(({ record }) => record)
      }),
  }
}

/** Locks the collection, made as it was where there is none; no number that it had is given again. */
async function openCollection(
  connection: Connection,
  scope: ProjectScope,
  { name, type, isPortfolio, description, tags, createdAt, nextVersion }: ArtifactCollectionRecord,
): Promise<LockedCollection> {
  await connection.query(
    `INSERT INTO artifact_collection (project_id, name, type, is_portfolio, description, tags, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (project_id, name) DO NOTHING`,
    [scope.projectId, name, type, isPortfolio, description, tags, timeOf(createdAt)],
  )
  const locked = await lockCollection(connection, scope, { name, type, isPortfolio })
  await connection.query('UPDATE artifact_collection SET next_version = greatest(next_version, $2) WHERE id = $1', [
    locked.id,
    nextVersion,
  ])
  return locked
}

async function memberOf(connection: Connection, { id }: LockedCollection, version: number) {
  const { rows } = await connection.query(
    `SELECT a.id, a.digest FROM artifact_member m JOIN artifact a ON a.id = m.artifact_id
     WHERE m.collection_id = $1 AND m.version = $2`,
    [id, version],
  )
  return knownRowsSchema.parse(rows)[0]
}

function isSame(
  found: z.infer<typeof knownRowsSchema>[number] | undefined,
  { name, version, digest }: { name: string; version: number; digest: string },
): boolean {
  if (found === undefined) return false
  if (found.digest === digest) return true
  throw new KirokuError({
    code: 'CONFLICT',
    message: `the project has another version ${name}:v${version}, of the digest ${found.digest}, which is left as it is`,
  })
}

async function runOf(connection: Connection, { projectId }: ProjectScope, run: string | null): Promise<string | null> {
  const { rows } = await connection.query(
    'SELECT id FROM run WHERE project_id = $1 AND slug = $2 AND deleted_at IS NULL FOR KEY SHARE',
    [projectId, run],
  )
  return idRowsSchema.parse(rows)[0]?.id ?? null
}

const justDeleted = (name: string): KirokuError =>
  new KirokuError({ code: 'CONFLICT', message: `${name} was just deleted; import it again to have it back` })

async function insertVersion(
  connection: Connection,
  { id: collectionId }: LockedCollection,
  { made, files, maker }: { made: MadeVersion; files: CommittedFiles; maker: string | null },
): Promise<string> {
  const { rows } = await connection.query(
    `INSERT INTO artifact (collection_id, state, digest, description, metadata, tags, history_step, created_by_run, created_at,
       updated_at, committed_at, size, file_count, link_secret)
     VALUES ($1, 'committed', $2, $3, $4::jsonb, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id`,
    [
      collectionId,
      made.digest,
      made.description,
      toJsonText(made.metadata),
      made.tags,
      made.historyStep,
      maker,
      timeOf(made.createdAt),
      timeOf(made.updatedAt),
      timeOf(made.committedAt),
      sizeOf(files.files),
      files.files.length,
      randomBytes(linkSecretBytes),
    ],
  )
  return z.tuple([z.object({ id: z.string() })]).parse(rows)[0].id
}

async function findLinked(
  connection: Connection,
  { organizationId, projectId, project: own }: ProjectScope,
  { project, name, version, digest }: VersionReference,
): Promise<string> {
  const { rows } = await connection.query(
    `SELECT a.id FROM project p JOIN artifact_collection c ON c.project_id = p.id AND c.name = $4
       JOIN artifact_member m ON m.collection_id = c.id AND m.version = $5
       JOIN artifact a ON a.id = m.artifact_id AND a.collection_id = c.id AND a.digest = $6
     WHERE p.organization_id = $1 AND p.deleted_at IS NULL AND CASE WHEN $3::text IS NULL THEN p.id = $2 ELSE p.name = $3 END
     FOR KEY SHARE OF a`,
    [organizationId, projectId, project, name, version, digest],
  )
  const id = idRowsSchema.parse(rows)[0]?.id
  if (id !== undefined) return id
  throw new KirokuError({
    code: 'NOT_FOUND',
    message: `the organization has no version ${project ?? own}/${name}:v${version} of the digest ${digest}, which is linked; import its project first`,
  })
}
