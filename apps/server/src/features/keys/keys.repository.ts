import { KirokuError } from '@kiroku/core/errors'
import { newApiKey } from '@kiroku/core/ids'
import type { ApiKeyInfo, CreatedKey } from '@kiroku/core/queries'
import type { Database } from '../../database/database.ts'
import type { OrganizationScope } from '../../http/scopes.ts'
import { hashSecret } from '../../http/secrets.ts'

/** API keys of one organization. */
export type KeysRepository = {
  list(scope: OrganizationScope): Promise<ApiKeyInfo[]>
  /** Makes a key of the caller; the answer is the only place where it is ever seen. */
  create(scope: OrganizationScope, name: string): Promise<CreatedKey>
  /** Throws NOT_FOUND. */
  revoke(scope: OrganizationScope, id: string): Promise<void>
}

/** Reads and changes keys in PostgreSQL. */
export function createKeysRepository({ prisma }: Database): KeysRepository {
  return {
    async list({ organizationId }) {
      const rows = await prisma.apiKey.findMany({ where: { organizationId }, orderBy: { createdAt: 'desc' } })
      return rows.map(toInfo)
    },

    async create({ organizationId, userId }, name) {
      const key = newApiKey()
      const row = await prisma.apiKey.create({
        data: { organizationId, userId, name, hash: hashSecret(key), hint: key.slice(-4) },
      })
      return { ...toInfo(row), key }
    },

    async revoke({ organizationId }, id) {
      const { count } = await prisma.apiKey.deleteMany({ where: { id, organizationId } })
      if (count === 0) throw new KirokuError({ code: 'NOT_FOUND', message: `there is no API key ${id}` })
    },
  }
}

type KeyRow = { id: string; name: string; hint: string; createdAt: Date; lastUsedAt: Date | null }

function toInfo({ id, name, hint, createdAt, lastUsedAt }: KeyRow): ApiKeyInfo {
  return { id, name, hint, createdAt: createdAt.getTime(), lastUsedAt: lastUsedAt?.getTime() ?? null }
}
