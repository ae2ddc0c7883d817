import { KirokuError } from '@kiroku/core/errors'
import { runStateSchema } from '@kiroku/core/runs'
import * as z from 'zod'
import type { Connection } from '../../database/database.ts'
import { notify } from '../../database/notifications.ts'
import type { OrganizationScope, ProjectScope } from '../../http/scopes.ts'

/** How long an artifact's own secret is, which proves links to its files. */
export const linkSecretBytes = 32

type Organization = Pick<OrganizationScope, 'organizationId'>

const lockedRowsSchema = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    type: z.string(),
    isPortfolio: z.boolean(),
    nextVersion: z.number(),
    projectId: z.string(),
  }),
)
/** A collection whose row nobody else changes until the transaction ends. */
export type LockedCollection = z.infer<typeof lockedRowsSchema>[number]

const lockedColumns = `c.id, c.name, c.type, c.is_portfolio AS "isPortfolio", c.next_version AS "nextVersion",
  c.project_id AS "projectId"`

/** Locks the collection of a name, made when there is none. Throws BAD_REQUEST for a name of another kind. */
export async function lockCollection(
  connection: Connection,
  { projectId }: ProjectScope,
  { name, type, isPortfolio }: { name: string; type: string; isPortfolio: boolean },
): Promise<LockedCollection> {
  await connection.query(
    `INSERT INTO artifact_collection (project_id, name, type, is_portfolio) VALUES ($1, $2, $3, $4)
     ON CONFLICT (project_id, name) DO NOTHING`,
    [projectId, name, type, isPortfolio],
  )
  const { rows } = await connection.query(
    `SELECT ${lockedColumns} FROM artifact_collection c WHERE project_id = $1 AND name = $2 FOR UPDATE`,
    [projectId, name],
  )
  const [collection] = lockedRowsSchema.parse(rows)
  if (!collection) throw new KirokuError({ code: 'UNAVAILABLE', message: `the artifact ${name} was just deleted` })
  if (collection.isPortfolio !== isPortfolio)
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: collection.isPortfolio
        ? `${name} is a portfolio, to which versions are linked; log the artifact under another name`
        : `${name} is an artifact that runs log; link to another name`,
    })
  if (collection.type !== type)
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `the artifact ${name} is of the type ${collection.type}, not ${type}; choose another name or that type`,
    })
  return collection
}

const ownedRowsSchema = z.array(
  z.object({
    id: z.string(),
    state: z.enum(['pending', 'committed']),
    digest: z.string(),
    newAliases: z.array(z.string()),
    collectionId: z.string(),
  }),
)
/** An artifact whose row nobody else changes until the transaction ends. */
export type LockedArtifact = z.infer<typeof ownedRowsSchema>[number]

/** Locks an artifact's collection and then it, as all do. Throws NOT_FOUND. */
export async function lockArtifact(
  connection: Connection,
  { organizationId }: Organization,
  id: string,
): Promise<{ artifact: LockedArtifact; collection: LockedCollection }> {
  const collections = await connection.query(
    `SELECT ${lockedColumns} FROM artifact_collection c JOIN project p ON p.id = c.project_id AND p.deleted_at IS NULL
     WHERE p.organization_id = $1 AND c.id = (SELECT collection_id FROM artifact WHERE id = $2) FOR UPDATE OF c`,
    [organizationId, id],
  )
  const [collection] = lockedRowsSchema.parse(collections.rows)
  const { rows } = await connection.query(
    `SELECT id, state, digest, new_aliases AS "newAliases", collection_id AS "collectionId"
     FROM artifact WHERE id = $1 FOR UPDATE`,
    [id],
  )
  const [artifact] = ownedRowsSchema.parse(rows)
  if (!collection || !artifact) throw noArtifact()
  return { artifact, collection }
}

/** The refusal of an id that no artifact of the organization has. */
export const noArtifact = (): KirokuError =>
  new KirokuError({ code: 'NOT_FOUND', message: 'there is no artifact of this id' })

/** Gives an artifact aliases of a collection, which other versions of it lose. */
export async function setAliases(
  connection: Connection,
  { collectionId, artifactId }: { collectionId: string; artifactId: string },
  aliases: readonly string[],
): Promise<void> {
  await connection.query(
    `INSERT INTO artifact_alias (collection_id, alias, artifact_id)
     SELECT $1, alias, $2 FROM unnest($3::text[]) AS alias
     ON CONFLICT (collection_id, alias) DO UPDATE SET artifact_id = excluded.artifact_id`,
    [collectionId, artifactId, [...new Set(aliases)]],
  )
}

/** Makes an artifact the next version of a collection, unless it is one already; answers its number. */
export async function addMember(
  connection: Connection,
  { id, nextVersion }: LockedCollection,
  artifactId: string,
): Promise<number> {
  const known = await connection.query(
    'SELECT version FROM artifact_member WHERE collection_id = $1 AND artifact_id = $2',
    [id, artifactId],
  )
  const [member] = z.array(z.object({ version: z.number() })).parse(known.rows)
  if (member) return member.version
  await connection.query('INSERT INTO artifact_member (collection_id, version, artifact_id) VALUES ($1, $2, $3)', [
    id,
    nextVersion,
    artifactId,
  ])
  await connection.query('UPDATE artifact_collection SET next_version = $2 WHERE id = $1', [id, nextVersion + 1])
  return nextVersion
}

const runRowsSchema = z.array(z.object({ id: z.string(), state: runStateSchema }))

/** Notes that a run used or made an artifact, and gives notice of the run. Throws NOT_FOUND for an unknown run. */
export async function linkRun(
  connection: Connection,
  { organizationId, projectId, project }: ProjectScope,
  {
    run,
    artifactId,
    role,
    usedAs = null,
  }: { run: string; artifactId: string; role: 'input' | 'output'; usedAs?: string | null },
): Promise<string> {
  const { rows } = await connection.query(
    'SELECT id, state FROM run WHERE project_id = $1 AND slug = $2 AND deleted_at IS NULL FOR KEY SHARE',
    [projectId, run],
  )
  const [found] = runRowsSchema.parse(rows)
  if (!found) throw new KirokuError({ code: 'NOT_FOUND', message: `there is no run ${run}` })
  await connection.query(
    `INSERT INTO run_artifact (run_id, artifact_id, role, used_as) VALUES ($1, $2, $3::artifact_role, $4)
     ON CONFLICT (run_id, artifact_id, role) DO UPDATE SET used_as = coalesce(excluded.used_as, run_artifact.used_as)`,
    [found.id, artifactId, role, usedAs],
  )
  const notice = { organizationId, projectId, project, run, state: found.state }
  await notify(connection, [{ ...notice, points: false, created: false }])
  return found.id
}
