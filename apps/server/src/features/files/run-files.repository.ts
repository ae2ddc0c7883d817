import { type FileFacts, wellKnownFiles } from '@kiroku/core/files'
import * as z from 'zod'
import type { Connection } from '../../database/database.ts'
import { toDatabaseTime } from '../../database/database-time.ts'

/** A file that a run says it has, since `createdAt` (unix milliseconds; now when it is left out). */
export type FileLink = { organizationId: string; runId: string; file: FileFacts & { createdAt?: number | undefined } }

const knownRowsSchema = z.array(z.object({ organizationId: z.string(), sha256: z.string(), size: z.coerce.number() }))

/**
 * Gives runs the files whose content their organization has, and answers the others, in their order. Of files at one path
 * the last stands. What is linked counts as offered, so that a sweep under way leaves it.
 */
export async function linkFiles<Link extends FileLink>(
  connection: Connection,
  links: readonly Link[],
): Promise<Link[]> {
  if (links.length === 0) return []
  // In one order, so that transactions which name the same contents wait for each other and not in a circle.
  const { rows } = await connection.query(
    `UPDATE blob SET offered_at = now()
     FROM (SELECT organization_id, sha256 FROM blob
           WHERE (organization_id, sha256) IN (SELECT * FROM unnest($1::uuid[], $2::bpchar[]))
           ORDER BY organization_id, sha256 FOR UPDATE) AS known
     WHERE blob.organization_id = known.organization_id AND blob.sha256 = known.sha256
     RETURNING blob.organization_id AS "organizationId", blob.sha256, blob.size`,
    [links.map(({ organizationId }) => organizationId), links.map(({ file }) => file.sha256)],
  )
  const sizes = new Map(
    knownRowsSchema.parse(rows).map(({ organizationId, sha256, size }) => [`${organizationId}/${sha256}`, size]),
  )
  const sizeOf = ({ organizationId, file }: Link): number | undefined => sizes.get(`${organizationId}/${file.sha256}`)
  const standing = new Map<string, Link>()
  for (const link of links) if (sizeOf(link) !== undefined) standing.set(`${link.runId}/${link.file.path}`, link)
  const linked = [...standing.values()]
  await connection.query(
    `INSERT INTO run_file (run_id, path, sha256, size, mime, created_at)
     SELECT run_id, path, sha256, size, mime, coalesce(to_timestamp(created_ms / 1000), now())
     FROM unnest($1::uuid[], $2::text[], $3::bpchar[], $4::bigint[], $5::text[], $6::float8[])
       AS linked (run_id, path, sha256, size, mime, created_ms)
     ON CONFLICT (run_id, path) DO UPDATE SET sha256 = excluded.sha256, size = excluded.size, mime = excluded.mime,
       created_at = excluded.created_at`,
    [
      linked.map(({ runId }) => runId),
      linked.map(({ file }) => file.path),
      linked.map(({ file }) => file.sha256),
      linked.map((link) => sizeOf(link) ?? 0),
      linked.map(({ file }) => file.mime),
      linked.map(({ file }) => (file.createdAt === undefined ? null : toDatabaseTime(file.createdAt))),
    ],
  )
  return links.filter((link) => sizeOf(link) === undefined)
}

/**
 * Gives a run the media of another run of the same organization, which a fork's history names. What it has already stays;
 * files that tell of the other run's code are not copied.
 */
export async function copyMediaFiles(connection: Connection, runs: { from: string; to: string }): Promise<void> {
  await connection.query(
    `INSERT INTO run_file (run_id, path, sha256, size, mime)
     SELECT $2::uuid, path, sha256, size, mime FROM run_file WHERE run_id = $1 AND starts_with(path, $3)
     ON CONFLICT DO NOTHING`,
    [runs.from, runs.to, `${wellKnownFiles.media}/`],
  )
}
