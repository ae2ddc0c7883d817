import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { apiKeySchema } from '@kiroku/core/ids'
import type { OwnerRepository } from './owner.repository.ts'

/** Who this server belongs to, and the key that its scripts may use; null when only an earlier start knew it. */
export type Owner = { userId: string; organization: string; apiKey: string | null }

/**
 * The owner of this server, made at the first start. With embedded databases (`dataDir`) the key is kept in the file
 * `owner-key`, readable for the directory's owner alone, who can read the databases beside it anyway; when it is gone or
 * was revoked a new one is made. Otherwise it is known at the first start only.
 */
export async function openOwner(owners: OwnerRepository, dataDir: string | null): Promise<Owner> {
  const created = await owners.createFirst()
  const { userId, organizationId, organization } = await owners.first()
  if (dataDir === null) return { userId, organization, apiKey: created?.apiKey ?? null }
  const path = join(dataDir, 'owner-key')
  const kept = created === null ? await readKey(path) : null
  if (kept !== null && (await owners.hasKey(organizationId, kept))) return { userId, organization, apiKey: kept }
  const apiKey = created?.apiKey ?? (await owners.addKey({ userId, organizationId }, 'owner key'))
  await writeKey(path, apiKey)
  return { userId, organization, apiKey }
}

async function readKey(path: string): Promise<string | null> {
  try {
    return apiKeySchema.safeParse((await readFile(path, 'utf8')).trim()).data ?? null
  } catch {
    return null
  }
}

async function writeKey(path: string, apiKey: string): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(`${apiKey}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}
