import { randomBytes } from 'node:crypto'
import { latestAlias } from '@kiroku/core/artifacts'
import { KirokuError } from '@kiroku/core/errors'
import type { WireRecord } from '@kiroku/core/values'
import * as z from 'zod'
import type { Connection, Database } from '../../database/database.ts'
import { toJsonText } from '../../database/json-text.ts'
import { changedRunSchema, notify } from '../../database/notifications.ts'
import type { OrganizationScope, ProjectScope } from '../../http/scopes.ts'
import { type CommittedFiles, holdContents, insertFiles, setManifest, sizeOf } from './committed-files.ts'
import {
  addMember,
  type LockedCollection,
  linkRun,
  linkSecretBytes,
  lockArtifact,
  lockCollection,
  setAliases,
} from './open-artifact.repository.ts'

/** What is told of an artifact before its files come. `run` made it; null where none did. */
export type NewArtifact = {
  name: string
  type: string
  digest: string
  description: string | null
  metadata: WireRecord
  aliases: readonly string[]
  tags: readonly string[]
  run: string | null
  clientId: string | null
  distributedId: string | null
  historyStep: number | null
}

type Organization = Pick<OrganizationScope, 'organizationId'>

/** Changes of artifacts, each in one transaction. An id of another organization is NOT_FOUND, as one that nothing has. */
export type ArtifactChanges = {
  /**
   * The version of the same name that has this digest, or that is on its way to it, and else a new one that is pending. The
   * same again changes nothing. Throws BAD_REQUEST for a name of another type, NOT_FOUND for an unknown run.
   */
  create(scope: ProjectScope, artifact: NewArtifact): Promise<{ id: string }>
  /** Makes a pending artifact the next version of its name; one that is committed stays. Throws UNAVAILABLE for a content that is gone. */
  commit(scope: Organization, artifactId: string, committed: CommittedFiles): Promise<void>
  setAliases(scope: Organization, artifactId: string, aliases: readonly CollectionAlias[]): Promise<void>
  removeAliases(scope: Organization, artifactId: string, aliases: readonly CollectionAlias[]): Promise<void>
  /** Changes what is told of an artifact; what is undefined stays. */
  update(
    scope: Organization,
    artifactId: string,
    set: {
      description?: string | undefined
      metadata?: WireRecord | undefined
      addedTags: readonly string[]
      removedTags: readonly string[]
    },
  ): Promise<void>
  /** For good. Throws BAD_REQUEST for one with aliases, unless `withAliases`. */
  remove(scope: Organization, artifactId: string, withAliases: boolean): Promise<void>
  /** For good, with their aliases: the versions that a run made. Those that another one made first, and it too, stay. */
  removeMadeBy(scope: ProjectScope, run: string): Promise<void>
  /** Notes that a run used an artifact. */
  use(scope: ProjectScope, run: string, artifactId: string, usedAs: string | null): Promise<void>
  /** Makes an artifact a version of a portfolio of the project. Throws BAD_REQUEST while it is pending. */
  link(scope: ProjectScope, artifactId: string, portfolio: string, aliases: readonly string[]): Promise<void>
  unlink(scope: Organization, artifactId: string, collectionId: string): Promise<void>
}

/** An alias, and the collection in which it means a version. */
export type CollectionAlias = { project: ProjectScope; collection: string; alias: string }

const idRowsSchema = z.array(z.object({ id: z.string() }))
const knownRowsSchema = z.array(z.object({ id: z.string(), state: z.enum(['pending', 'committed']) }))
const changedRunsSchema = z.array(changedRunSchema)

export function createArtifactChanges({ transaction }: Database): ArtifactChanges {
  return {
    create: (scope, artifact) =>
      transaction(async (connection) => {
        const { name, type, run } = artifact
        const collection = await lockCollection(connection, scope, { name, type, isPortfolio: false })
        const known = await findSame(connection, collection, artifact)
        const id = known?.id ?? (await insertArtifact(connection, collection, artifact))
        if (artifact.clientId !== null)
          await connection.query(
            'INSERT INTO artifact_client (client_id, artifact_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
            [artifact.clientId, id],
          )
        if (known?.state === 'committed')
          await setAliases(connection, { collectionId: collection.id, artifactId: id }, artifact.aliases)
        else if (known)
          await connection.query(
            `UPDATE artifact SET new_aliases = ARRAY(SELECT DISTINCT unnest(new_aliases || $2::text[])) WHERE id = $1`,
            [id, artifact.aliases],
          )
        if (run !== null) {
          const runId = await linkRun(connection, scope, { run, artifactId: id, role: 'output' })
          if (!known) await connection.query('UPDATE artifact SET created_by_run = $2 WHERE id = $1', [id, runId])
        }
        return { id }
      }),

    commit: (scope, artifactId, committed) =>
      transaction(async (connection) => {
        const { artifact, collection } = await lockArtifact(connection, scope, artifactId)
        if (artifact.state === 'committed') return
        await holdContents(connection, scope, committed)
        await insertFiles(connection, artifactId, committed.files)
        await setManifest(connection, artifactId, committed.manifest)
        await connection.query(
          `UPDATE artifact SET state = 'committed', digest = $2, size = $3, file_count = $4, new_aliases = '{}',
             distributed_id = NULL, committed_at = now(), updated_at = now() WHERE id = $1`,
          [artifactId, committed.digest, sizeOf(committed.files), committed.files.length],
        )
        await addMember(connection, collection, artifactId)
        const aliases = [...artifact.newAliases, latestAlias]
        await setAliases(connection, { collectionId: collection.id, artifactId }, aliases)
        await notifyMakers(connection, artifactId)
      }),

    setAliases: (scope, artifactId, aliases) =>
      transaction(async (connection) => {
        const { artifact } = await lockArtifact(connection, scope, artifactId)
        for (const [collectionId, names] of await collectionsOf(connection, artifact.id, aliases))
          await setAliases(connection, { collectionId, artifactId }, names)
      }),

    removeAliases: (scope, artifactId, aliases) =>
      transaction(async (connection) => {
        const { artifact } = await lockArtifact(connection, scope, artifactId)
        for (const [collectionId, names] of await collectionsOf(connection, artifact.id, aliases))
          await connection.query(
            'DELETE FROM artifact_alias WHERE collection_id = $1 AND artifact_id = $2 AND alias = ANY($3)',
            [collectionId, artifactId, names],
          )
      }),

    update: (scope, artifactId, { description, metadata, addedTags, removedTags }) =>
      transaction(async (connection) => {
        await lockArtifact(connection, scope, artifactId)
        await connection.query(
          `UPDATE artifact SET description = coalesce($2, description), metadata = coalesce($3::jsonb, metadata),
             tags = ARRAY(SELECT DISTINCT tag FROM unnest(tags || $4::text[]) AS tag WHERE tag <> ALL($5::text[]) ORDER BY tag),
             updated_at = now()
           WHERE id = $1`,
          [
            artifactId,
            description ?? null,
            metadata === undefined ? null : toJsonText(metadata),
            addedTags,
            removedTags,
          ],
        )
      }),

    remove: (scope, artifactId, withAliases) =>
      transaction(async (connection) => {
        await lockArtifact(connection, scope, artifactId)
        const { rows } = await connection.query(
          'SELECT alias FROM artifact_alias WHERE artifact_id = $1 ORDER BY alias',
          [artifactId],
        )
        const aliases = z.array(z.object({ alias: z.string() })).parse(rows)
        if (aliases.length > 0 && !withAliases)
          throw new KirokuError({
            code: 'BAD_REQUEST',
            message: `the version has the aliases ${aliases.map(({ alias }) => alias).join(', ')}; delete it with them, or take them away first`,
          })
        await connection.query('DELETE FROM artifact WHERE id = $1', [artifactId])
      }),

    removeMadeBy: ({ projectId }, run) =>
      transaction(async (connection) => {
        const made = `a.state = 'committed' AND a.created_by_run =
          (SELECT r.id FROM run r WHERE r.project_id = $1 AND r.slug = $2 AND r.deleted_at IS NULL)`
        // Collections are locked before their artifacts, as everywhere.
        await connection.query(
          `SELECT c.id FROM artifact_collection c
           WHERE c.id IN (SELECT a.collection_id FROM artifact a WHERE ${made}) ORDER BY c.id FOR UPDATE`,
          [projectId, run],
        )
        await connection.query(`DELETE FROM artifact a WHERE ${made}`, [projectId, run])
      }),

    use: (scope, run, artifactId, usedAs) =>
      transaction(async (connection) => {
        await lockArtifact(connection, scope, artifactId)
        await linkRun(connection, scope, { run, artifactId, role: 'input', usedAs })
      }),

    link: (scope, artifactId, portfolio, aliases) =>
      transaction(async (connection) => {
        const { artifact, collection } = await lockArtifact(connection, scope, artifactId)
        if (artifact.state === 'pending')
          throw new KirokuError({
            code: 'BAD_REQUEST',
            message: 'the artifact is not committed yet: wait for it (`artifact.wait()`) before it is linked',
          })
        const { type } = collection
        const target = await lockCollection(connection, scope, { name: portfolio, type, isPortfolio: true })
        await addMember(connection, target, artifactId)
        await setAliases(connection, { collectionId: target.id, artifactId }, [...aliases, latestAlias])
      }),

    unlink: (scope, artifactId, collectionId) =>
      transaction(async (connection) => {
        await lockArtifact(connection, scope, artifactId)
        const gone = await connection.query(
          `DELETE FROM artifact_member m USING artifact_collection c
           WHERE c.id = m.collection_id AND c.is_portfolio AND m.collection_id = $2 AND m.artifact_id = $1`,
          [artifactId, collectionId],
        )
        if (gone.rowCount === 0)
          throw new KirokuError({ code: 'NOT_FOUND', message: 'the artifact is not linked to this portfolio' })
        await connection.query('DELETE FROM artifact_alias WHERE artifact_id = $1 AND collection_id = $2', [
          artifactId,
          collectionId,
        ])
      }),
  }
}

/** A version with the digest, or one that is on its way: what is logged again, by any run, is the same. */
async function findSame(
  connection: Connection,
  collection: LockedCollection,
  { digest, distributedId }: NewArtifact,
): Promise<z.infer<typeof knownRowsSchema>[number] | undefined> {
  const { rows } = await connection.query(
    `SELECT id, state FROM artifact WHERE collection_id = $1
       AND CASE WHEN $3::text IS NULL THEN digest = $2 AND distributed_id IS NULL ELSE distributed_id = $3 END
     ORDER BY state = 'committed' DESC, created_at DESC LIMIT 1`,
    [collection.id, digest, distributedId],
  )
  return knownRowsSchema.parse(rows)[0]
}

async function insertArtifact(
  connection: Connection,
  collection: LockedCollection,
  { digest, description, metadata, tags, aliases, distributedId, historyStep }: NewArtifact,
): Promise<string> {
  const { rows } = await connection.query(
    `INSERT INTO artifact (collection_id, digest, description, metadata, tags, new_aliases, distributed_id, history_step, link_secret)
     VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7, $8, $9) RETURNING id`,
    [
      collection.id,
      digest,
      description,
      toJsonText(metadata),
      tags,
      aliases,
      distributedId,
      historyStep,
      randomBytes(linkSecretBytes),
    ],
  )
  return z.tuple([z.object({ id: z.string() })]).parse(rows)[0].id
}

/** The pages of runs show what they made once it is there. */
async function notifyMakers(connection: Connection, artifactId: string): Promise<void> {
  const { rows } = await connection.query(
    `SELECT p.organization_id AS "organizationId", p.id AS "projectId", p.name AS project, r.slug AS run, r.state
     FROM run_artifact u JOIN run r ON r.id = u.run_id AND r.deleted_at IS NULL JOIN project p ON p.id = r.project_id
     WHERE u.artifact_id = $1`,
    [artifactId],
  )
  const runs = changedRunsSchema.parse(rows)
  await notify(
    connection,
    runs.map((run) => ({ ...run, points: false, created: false })),
  )
}

/** Aliases by the id of their collection, which must have the artifact. */
async function collectionsOf(
  connection: Connection,
  artifactId: string,
  aliases: readonly CollectionAlias[],
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  for (const { project, collection, alias } of aliases) {
    const { rows } = await connection.query(
      `SELECT c.id FROM artifact_collection c JOIN artifact_member m ON m.collection_id = c.id AND m.artifact_id = $3
       WHERE c.project_id = $1 AND c.name = $2`,
      [project.projectId, collection, artifactId],
    )
    const id = idRowsSchema.parse(rows)[0]?.id
    if (id === undefined)
      throw new KirokuError({ code: 'NOT_FOUND', message: `the artifact is no version of ${collection}` })
    found.set(id, [...(found.get(id) ?? []), alias])
  }
  return found
}
