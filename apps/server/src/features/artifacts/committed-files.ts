import { KirokuError } from '@kiroku/core/errors'
import type { Connection } from '../../database/database.ts'
import type { OrganizationScope } from '../../http/scopes.ts'
import type { StoredFile } from './artifacts.repository.ts'

/** What an artifact is to be: all its files, and the content with their list. */
export type CommittedFiles = {
  digest: string
  files: readonly StoredFile[]
  manifest: { sha256: string; size: number; md5: string }
}

type Organization = Pick<OrganizationScope, 'organizationId'>

/** So many rows go into one statement. */
const filesAtOnce = 10_000

/** The bytes of all files of a version together. */
export const sizeOf = (files: readonly StoredFile[]): number => files.reduce((sum, file) => sum + file.size, 0)

/** Sees that all contents are there, and that no sweep takes them before the transaction has named them. */
export async function holdContents(
  connection: Connection,
  { organizationId }: Organization,
  { files, manifest }: CommittedFiles,
): Promise<void> {
  const hashes = [...new Set([manifest.sha256, ...files.flatMap(({ sha256 }) => sha256 ?? [])])]
  for (let from = 0; from < hashes.length; from += filesAtOnce) {
    const some = hashes.slice(from, from + filesAtOnce).sort()
    const { rowCount } = await connection.query(
      `UPDATE blob SET offered_at = now()
       FROM (SELECT sha256 FROM blob WHERE organization_id = $1 AND sha256 = ANY($2::bpchar[])
             ORDER BY sha256 FOR UPDATE) AS known
       WHERE blob.organization_id = $1 AND blob.sha256 = known.sha256`,
      [organizationId, some],
    )
    if (rowCount !== some.length)
      throw new KirokuError({ code: 'UNAVAILABLE', message: 'a content of the artifact is gone; send it again' })
  }
}

/** Notes an artifact's files. */
export async function insertFiles(
  connection: Connection,
  artifactId: string,
  files: readonly StoredFile[],
): Promise<void> {
  for (let from = 0; from < files.length; from += filesAtOnce) {
    const some = files.slice(from, from + filesAtOnce)
    await connection.query(
      `INSERT INTO artifact_file (artifact_id, path, digest, size, sha256, ref)
       SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bpchar[], $6::text[])`,
      [
        artifactId,
        some.map(({ path }) => path),
        some.map(({ digest }) => digest),
        some.map(({ size }) => size),
        some.map(({ sha256 }) => sha256),
        some.map(({ ref }) => ref),
      ],
    )
  }
}

/** Notes the content that has the list of an artifact's files, in the place of all others. */
export async function setManifest(
  connection: Connection,
  artifactId: string,
  { sha256, size, md5 }: CommittedFiles['manifest'],
): Promise<void> {
  await connection.query('DELETE FROM artifact_manifest WHERE artifact_id = $1', [artifactId])
  await connection.query(
    "INSERT INTO artifact_manifest (artifact_id, kind, md5, sha256, size) VALUES ($1, 'full', $2, $3, $4)",
    [artifactId, md5, sha256, size],
  )
}
