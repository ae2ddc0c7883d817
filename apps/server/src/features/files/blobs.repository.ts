import * as z from 'zod'
import type { Connection, Database } from '../../database/database.ts'
import type { OrganizationScope } from '../../http/scopes.ts'
import type { BlobKey } from './blob-storage.ts'

/** A content that is known, and its size in bytes. */
export type StoredBlob = BlobKey & { size: number }

/** The part of a scope that tells whose contents are meant. */
type OrganizationOnly = Pick<OrganizationScope, 'organizationId'>

/** Which contents there are. A content is in the storage before it is here, and gone from here before it is gone there. */
export type BlobsRepository = {
  /** Those of the hashes that the organization has. They count as offered now: no sweep removes them for a day. */
  offer(scope: OrganizationScope, hashes: readonly string[]): Promise<Set<string>>
  /** Contents of the organization by their MD5 in base64. They count as offered now. */
  offerByMd5(scope: OrganizationOnly, md5s: readonly string[]): Promise<Map<string, { sha256: string; size: number }>>
  /** Has `keep` put a content in its place and then remembers it, as offered now. */
  record(
    scope: OrganizationOnly,
    blob: { sha256: string; md5: string; size: number },
    keep: () => Promise<void>,
  ): Promise<void>
  /**
   * On the server's own behalf: forgets contents of all organizations that no file names and that were not offered for
   * `keptMs`, and has `remove` take each away; some hundreds at most after `signal`.
   */
  forgetUnnamed(keptMs: number, remove: (blob: BlobKey) => Promise<void>, signal?: AbortSignal): Promise<void>
  /** On the server's own behalf: has `remove` take away those of the contents that are not known here. */
  removeUnknown(
    organizationId: string,
    hashes: readonly string[],
    remove: (blob: BlobKey) => Promise<void>,
  ): Promise<void>
  /** On the server's own behalf: all contents of all organizations, in parts; `size` in bytes. */
  listAll(): AsyncIterable<StoredBlob[]>
  /** On the server's own behalf: all organizations. */
  listOrganizations(): Promise<string[]>
}

const hashRowsSchema = z.array(z.object({ sha256: z.string() }))
const keyRowsSchema = z.array(z.object({ organizationId: z.string(), sha256: z.string() }))
const storedRowsSchema = z.array(z.object({ organizationId: z.string(), sha256: z.string(), size: z.coerce.number() }))
const md5RowsSchema = z.array(z.object({ md5: z.string(), sha256: z.string(), size: z.coerce.number() }))
const sweptAtOnce = 500
const listedAtOnce = 1000

/** What no file of its organization names, of a run or of an artifact; a deleted run names its files until it is purged. */
const ofArtifact = (table: 'artifact_file' | 'artifact_manifest'): string => `NOT EXISTS (
  SELECT 1 FROM ${table} f JOIN artifact a ON a.id = f.artifact_id
    JOIN artifact_collection c ON c.id = a.collection_id JOIN project p ON p.id = c.project_id
  WHERE f.sha256 = blob.sha256 AND p.organization_id = blob.organization_id)`
const isUnnamed = `NOT EXISTS (
  SELECT 1 FROM run_file f JOIN run r ON r.id = f.run_id JOIN project p ON p.id = r.project_id
  WHERE f.sha256 = blob.sha256 AND p.organization_id = blob.organization_id)
  AND ${ofArtifact('artifact_file')} AND ${ofArtifact('artifact_manifest')}`
const isOld = (keptMs: string): string => `blob.offered_at < now() - ${keptMs}::float8 * interval '1 millisecond'`

/**
 * Contents in PostgreSQL. A sweep forgets a content first and removes it then: killed in between it leaves one that nobody
 * knows, which a later sweep finds, and never one that is known and gone. Since the same content may come again between
 * the two, keeping and removing one content wait for each other by a lock of its name, on all servers.
 */
export function createBlobsRepository(database: Database): BlobsRepository {
  const removeEach = (
    blobs: readonly BlobKey[],
    forget: (connection: Connection, blob: BlobKey) => Promise<boolean>,
    remove: (blob: BlobKey) => Promise<void>,
  ): Promise<void> =>
    database.session(async (connection) => {
      for (const blob of blobs) {
        await connection.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [lockName(blob)])
        if (await forget(connection, blob)) await remove(blob)
        await connection.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [lockName(blob)])
      }
    })

  return {
    offer: (scope, hashes) =>
      database.transaction(async (connection) => {
        const { rows } = await connection.query(
          `UPDATE blob SET offered_at = now()
           FROM (SELECT sha256 FROM blob WHERE organization_id = $1 AND sha256 = ANY($2::bpchar[])
                 ORDER BY sha256 FOR UPDATE) AS known
           WHERE blob.organization_id = $1 AND blob.sha256 = known.sha256
           RETURNING blob.sha256`,
          [scope.organizationId, hashes],
        )
        return new Set(hashRowsSchema.parse(rows).map(({ sha256 }) => sha256))
      }),

    offerByMd5: ({ organizationId }, md5s) =>
      database.transaction(async (connection) => {
        const { rows } = await connection.query(
          `UPDATE blob SET offered_at = now()
           FROM (SELECT sha256 FROM blob WHERE organization_id = $1 AND md5 = ANY($2::text[])
                 ORDER BY sha256 FOR UPDATE) AS known
           WHERE blob.organization_id = $1 AND blob.sha256 = known.sha256
           RETURNING blob.md5, blob.sha256, blob.size`,
          [organizationId, md5s],
        )
        return new Map(md5RowsSchema.parse(rows).map(({ md5, ...blob }) => [md5, blob]))
      }),

    record: ({ organizationId }, { sha256, md5, size }, keep) =>
      database.transaction(async (connection) => {
        const name = lockName({ organizationId, sha256 })
        await connection.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [name])
        await keep()
        await connection.query(
          `INSERT INTO blob (organization_id, sha256, md5, size) VALUES ($1, $2, $3, $4)
           ON CONFLICT (organization_id, sha256)
           DO UPDATE SET size = excluded.size, md5 = excluded.md5, offered_at = now()`,
          [organizationId, sha256, md5, size],
        )
      }),

    async forgetUnnamed(keptMs, remove, signal) {
      while (!signal?.aborted) {
        const found = await database.transaction(async (connection) => {
          const { rows } = await connection.query(
            `SELECT organization_id AS "organizationId", sha256 FROM blob
             WHERE ${isOld('$1')} AND ${isUnnamed} LIMIT ${sweptAtOnce}`,
            [keptMs],
          )
          return keyRowsSchema.parse(rows)
        })
        const forget = async (connection: Connection, { organizationId, sha256 }: BlobKey): Promise<boolean> => {
          const { rowCount } = await connection.query(
            `DELETE FROM blob WHERE organization_id = $2 AND sha256 = $3 AND ${isOld('$1')} AND ${isUnnamed}`,
            [keptMs, organizationId, sha256],
          )
          return rowCount === 1
        }
        await removeEach(found, forget, remove)
        if (found.length < sweptAtOnce) return
      }
    },

    async removeUnknown(organizationId, hashes, remove) {
      const known = await database.prisma.blob.findMany({
        where: { organizationId, sha256: { in: [...hashes] } },
        select: { sha256: true },
      })
      const isKnown = new Set(known.map(({ sha256 }) => sha256))
      const unknown = hashes.filter((sha256) => !isKnown.has(sha256)).map((sha256) => ({ organizationId, sha256 }))
      const isStillUnknown = async (connection: Connection, { sha256 }: BlobKey): Promise<boolean> => {
        const { rowCount } = await connection.query('SELECT 1 FROM blob WHERE organization_id = $1 AND sha256 = $2', [
          organizationId,
          sha256,
        ])
        return rowCount === 0
      }
      if (unknown.length > 0) await removeEach(unknown, isStillUnknown, remove)
    },

    async *listAll() {
      let last: StoredBlob | undefined
      for (;;) {
        const { rows } = await database.session((connection) =>
          connection.query(
            `SELECT organization_id AS "organizationId", sha256, size FROM blob
             WHERE $1::uuid IS NULL OR (organization_id, sha256) > ($1::uuid, $2::bpchar)
             ORDER BY organization_id, sha256 LIMIT ${listedAtOnce}`,
            [last?.organizationId ?? null, last?.sha256 ?? ''],
          ),
        )
        const blobs = storedRowsSchema.parse(rows)
        if (blobs.length > 0) yield blobs
        if (blobs.length < listedAtOnce) return
        last = blobs.at(-1)
      }
    },

    async listOrganizations() {
      const organizations = await database.prisma.organization.findMany({ select: { id: true } })
      return organizations.map(({ id }) => id)
    },
  }
}

const lockName = ({ organizationId, sha256 }: BlobKey): string => `blob ${organizationId} ${sha256}`
