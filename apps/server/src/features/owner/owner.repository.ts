import { KirokuError, parseInput } from '@kiroku/core/errors'
import { newApiKey, organizationSlugSchema } from '@kiroku/core/ids'
import type { Database } from '../../database/database.ts'
import { lockIds } from '../../database/lock-ids.ts'
import { hashSecret } from '../../http/secrets.ts'

/** A new organization with its first user and key. */
export type CreatedOrganization = { organization: string; apiKey: string; userId: string }

/** Who this server belongs to. Used by the server itself, before and beside all requests. */
export type OwnerRepository = {
  /** Makes the owner, the organization `local` and a key in an empty database; null when there is a user already. */
  createFirst(): Promise<CreatedOrganization | null>
  /** The first user and organization that were made. */
  first(): Promise<{ userId: string; organizationId: string; organization: string }>
  /** Whether a key is one of the organization's. */
  hasKey(organizationId: string, apiKey: string): Promise<boolean>
  /** A further key of the first user. */
  addKey(owner: { userId: string; organizationId: string }, name: string): Promise<string>
  /** Throws CONFLICT when there is such an organization. */
  createOrganization(slug: string): Promise<CreatedOrganization>
}

/** Reads and makes users and organizations in PostgreSQL. */
export function createOwnerRepository(database: Database): OwnerRepository {
  const { prisma } = database

  const addKey = async (owner: { userId: string; organizationId: string }, name: string): Promise<string> => {
    const key = newApiKey()
    await prisma.apiKey.create({ data: { ...owner, name, hash: hashSecret(key), hint: key.slice(-4) } })
    return key
  }

  const create = (slug: string, userName: string): Promise<CreatedOrganization> =>
    prisma.$transaction(async (transaction) => {
      const apiKey = newApiKey()
      const { id: organizationId } = await transaction.organization.create({ data: { slug, name: slug } })
      const { id: userId } = await transaction.user.create({
        data: { name: userName, memberships: { create: { organizationId } } },
      })
      await transaction.apiKey.create({
        data: { userId, organizationId, name: 'first key', hash: hashSecret(apiKey), hint: apiKey.slice(-4) },
      })
      return { organization: slug, apiKey, userId }
    })

  return {
    addKey,

    createFirst: () =>
      // Servers that start together on one database take turns.
      database.transaction(async (connection) => {
        await connection.query('SELECT pg_advisory_xact_lock($1)', [lockIds.firstOwner])
        return (await prisma.user.count()) > 0 ? null : create('local', 'owner')
      }),

    async first() {
      const membership = await prisma.membership.findFirstOrThrow({
        orderBy: { createdAt: 'asc' },
        include: { organization: true },
      })
      const { userId, organizationId, organization } = membership
      return { userId, organizationId, organization: organization.slug }
    },

    async hasKey(organizationId, apiKey) {
      return (await prisma.apiKey.count({ where: { organizationId, hash: hashSecret(apiKey) } })) > 0
    },

    async createOrganization(slug) {
      const known = await prisma.organization.count({
        where: { slug: parseInput(organizationSlugSchema, slug, 'organization') },
      })
      if (known > 0) throw new KirokuError({ code: 'CONFLICT', message: `there is an organization ${slug}` })
      return create(slug, `${slug} owner`)
    },
  }
}
