import { KirokuError } from '@kiroku/core/errors'
import { apiKeySchema } from '@kiroku/core/ids'
import { routes } from '@kiroku/core/routes'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { IdentitiesRepository } from '../features/sessions/index.ts'
import { sessionTokenOf } from './cookies.ts'
import { toKirokuError } from './errors.ts'
import { isCrossOrigin, isFromThisMachine } from './request-origin.ts'
import type { Identity } from './scopes.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null without a valid key or session. */
    identity: Identity | null
    /** Why the caller was refused, where the procedure called must say so in tRPC's own form. */
    refusal: KirokuError | null
  }
}

/**
 * Finds out who asks, for every request below `/api/`. A key stands for itself, wherever the request comes from. Without
 * one, a request that a browser marks as another origin's is refused, and a session that was given to this machine counts
 * only for requests that come from it.
 */
export function registerAuthentication(app: FastifyInstance, identities: IdentitiesRepository): void {
  app.decorateRequest('identity', null)
  app.decorateRequest('refusal', null)
  app.addHook('onRequest', async (request) => {
    // The route that was found, however its address was written: coded, or with a host before its path.
    const path = request.routeOptions.url ?? request.url
    if (!path.startsWith('/api/')) return
    const answer = await authenticate(request, identities).catch(toKirokuError)
    if (!(answer instanceof KirokuError)) request.identity = answer
    else if (path.startsWith(`${routes.trpc}/`)) request.refusal = answer
    else throw answer
  })
}

/** Who asks: null without key and session, an error for a wrong key or a page of another origin. */
export async function authenticate(
  request: FastifyRequest,
  identities: IdentitiesRepository,
): Promise<Identity | KirokuError | null> {
  const { authorization } = request.headers
  if (authorization !== undefined) {
    const parsed = apiKeySchema.safeParse(apiKeyOf(authorization))
    if (!parsed.success)
      return new KirokuError({ code: 'UNAUTHORIZED', message: 'the API key is not `kiroku-` and 40 letters or digits' })
    const identity = await identities.byKey(parsed.data)
    return identity ?? new KirokuError({ code: 'UNAUTHORIZED', message: 'no user has this API key' })
  }
  if (isCrossOrigin(request))
    return new KirokuError({ code: 'FORBIDDEN', message: 'a page of another origin may not use this server' })
  const token = sessionTokenOf(request)
  const session = token === null ? null : await identities.bySession(token)
  return session && (!session.isLocal || isFromThisMachine(request)) ? session : null
}

/** Who asks. Throws UNAUTHORIZED for a request without a valid key or session. */
export function requireIdentity(request: FastifyRequest): Identity {
  if (request.identity) return request.identity
  throw new KirokuError({
    code: 'UNAUTHORIZED',
    message: 'sign in, or send an API key: Authorization: Bearer kiroku-…',
  })
}

/** The key that a request carries, valid or not; null without one. */
export function presentedKey({ headers: { authorization } }: FastifyRequest): string | null {
  return authorization === undefined ? null : apiKeyOf(authorization)
}

/** What is given as the key: the token of `Bearer`, or the password of `Basic`. */
function apiKeyOf(authorization: string): string {
  const [scheme, credentials = ''] = authorization.split(' ')
  if (scheme?.toLowerCase() !== 'basic') return credentials
  const text = Buffer.from(credentials, 'base64').toString('utf8')
  return text.slice(text.indexOf(':') + 1)
}

/** The refusal of a caller without key and session. */
export function notSignedIn(): KirokuError {
  return new KirokuError({
    code: 'UNAUTHORIZED',
    message: 'sign in, or send an API key: Authorization: Bearer kiroku-…',
  })
}
