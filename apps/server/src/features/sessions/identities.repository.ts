import { newSessionToken } from '@kiroku/core/ids'
import * as z from 'zod'
import type { Database } from '../../database/database.ts'
import type { Identity } from '../../http/scopes.ts'
import { hashSecret, isSignatureOf, signText } from '../../http/secrets.ts'

/** A session's facts beside who it is. */
export type SessionIdentity = Identity & { isLocal: boolean }

export const sessionDays = 30
const sessionMs = sessionDays * 24 * 60 * 60 * 1000
const cacheMs = 5000
const maxCached = 10_000
/** How often a key's last use is written down. */
const lastUsedEveryMs = 60_000

/**
 * Who a key or a session stands for. Answers are kept for some seconds, so that a key which another server revoked works
 * that much longer.
 */
export type IdentitiesRepository = {
  byKey(apiKey: string): Promise<Identity | null>
  bySession(token: string): Promise<SessionIdentity | null>
  /** What signs texts by a key; a signature tells the key without giving it away. Null for an unknown key. */
  signer(apiKey: string): Promise<((text: string) => string) | null>
  /** Who signed a text; null when nobody whose key is still valid did. */
  bySignature(signature: string, text: string): Promise<Identity | null>
  /** A session that sees what the key sees and ends with it; null for an unknown key. */
  signIn(apiKey: string): Promise<string | null>
  /** A session of the user for requests from this machine. */
  signInLocally(userId: string): Promise<string>
  signOut(token: string): Promise<void>
  deleteExpired(): Promise<void>
  /** Drops what is kept, after a key was revoked or an organization was deleted or restored. */
  forget(): void
}

/** Reads keys and sessions in PostgreSQL. */
export function createIdentitiesRepository({ prisma }: Database): IdentitiesRepository {
  const keys = new Map<string, Cached<Identity>>()
  const sessions = new Map<string, Cached<SessionIdentity>>()

  const findKey = async (
    key: { hash: Uint8Array<ArrayBuffer> } | { id: string },
  ): Promise<{ id: string; userId: string; organizationId: string; hash: Uint8Array; identity: Identity } | null> => {
    const row = await prisma.apiKey.findUnique({ where: key, include: { user: true, organization: true } })
    if (!row) return null
    if (row.lastUsedAt === null || Date.now() - row.lastUsedAt.getTime() > lastUsedEveryMs)
      await prisma.apiKey.updateMany({ where: { id: row.id }, data: { lastUsedAt: new Date() } })
    const { user, organization } = row
    return {
      id: row.id,
      userId: row.userId,
      organizationId: row.organizationId,
      hash: row.hash,
      identity: {
        userId: user.id,
        name: user.name,
        email: user.email,
        via: 'key',
        ...sorted([organization]),
      },
    }
  }
  const findSecret = (apiKey: string) => findKey({ hash: hashSecret(apiKey) })

  const findSession = async (token: string): Promise<SessionIdentity | null> => {
    const row = await prisma.session.findUnique({
      where: { hash: hashSecret(token), expiresAt: { gt: new Date() } },
      include: { user: { include: { memberships: { include: { organization: true } } } } },
    })
    if (!row) return null
    const organizations = row.user.memberships
      .map(({ organization }) => organization)
      .filter(({ id }) => row.organizationId === null || row.organizationId === id)
    const { id: userId, name, email } = row.user
    return { userId, name, email, via: 'session', ...sorted(organizations), isLocal: row.isLocal }
  }

  const startSession = async (
    owner: { userId: string; organizationId: string | null; apiKeyId: string | null },
    isLocal: boolean,
  ): Promise<string> => {
    const token = newSessionToken()
    const expiresAt = new Date(Date.now() + sessionMs)
    await prisma.session.create({ data: { ...owner, hash: hashSecret(token), isLocal, expiresAt } })
    return token
  }

  return {
    byKey: (apiKey) => cached(keys, apiKey, async () => (await findSecret(apiKey))?.identity ?? null),
    bySession: (token) => cached(sessions, token, () => findSession(token)),
    async signer(apiKey) {
      const key = await findSecret(apiKey)
      return key && ((text) => `${key.id}.${signText(key.hash, text)}`)
    },
    async bySignature(signature, text) {
      const [id = '', of = ''] = signature.split('.')
      const key = z.uuid().safeParse(id).success ? await findKey({ id }) : null
      return key && isSignatureOf(key.hash, text, of) ? key.identity : null
    },
    async signIn(apiKey) {
      const key = await findSecret(apiKey)
      if (!key) return null
      return startSession({ userId: key.userId, organizationId: key.organizationId, apiKeyId: key.id }, false)
    },
    signInLocally: (userId) => startSession({ userId, organizationId: null, apiKeyId: null }, true),
    async signOut(token) {
      await prisma.session.deleteMany({ where: { hash: hashSecret(token) } })
      sessions.delete(token)
    },
    async deleteExpired() {
      await prisma.session.deleteMany({ where: { expiresAt: { lte: new Date() } } })
    },
    forget() {
      keys.clear()
      sessions.clear()
    },
  }
}

type OrganizationRow = { id: string; slug: string; name: string; deletedAt: Date | null }

/** Organizations by their names, those that were deleted apart. */
function sorted(rows: readonly OrganizationRow[]): Pick<Identity, 'organizations' | 'deletedOrganizations'> {
  const byName = rows.toSorted((left, right) => left.slug.localeCompare(right.slug))
  return {
    organizations: byName.flatMap(({ id, slug, name, deletedAt }) => (deletedAt ? [] : [{ id, slug, name }])),
    deletedOrganizations: byName.flatMap(({ id, slug, name, deletedAt }) =>
      deletedAt ? [{ id, slug, name, deletedAt: deletedAt.getTime() }] : [],
    ),
  }
}

type Cached<T> = { value: T; until: number }

async function cached<T>(
  cache: Map<string, Cached<T>>,
  secret: string,
  find: () => Promise<T | null>,
): Promise<T | null> {
  const known = cache.get(secret)
  if (known && known.until > Date.now()) return known.value
  const value = await find()
  cache.delete(secret)
  if (value === null) return null
  if (cache.size >= maxCached) cache.clear()
  cache.set(secret, { value, until: Date.now() + cacheMs })
  return value
}
