import { KirokuError } from '@kiroku/core/errors'
import { apiKeySchema } from '@kiroku/core/ids'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { IdentitiesRepository } from '../features/sessions/index.ts'
import { sessionTokenOf } from './cookies.ts'
import { isCrossOrigin, isFromThisMachine } from './request-origin.ts'
import type { Identity } from './scopes.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null without a valid key or session. */
    identity: Identity | null
  }
}

/**
 * Finds out who asks, for every request below `/api/`. A key stands for itself, wherever the request comes from. Without
 * one, a request that a browser marks as another origin's is refused, and a session that was given to this machine counts
 * only for requests that come from it.
 */
export function registerAuthentication(app: FastifyInstance, identities: IdentitiesRepository): void {
  app.decorateRequest('identity', null)
  app.addHook('onRequest', async (request) => {
    if (!request.url.startsWith('/api/')) return
    const apiKey = apiKeyOf(request)
    if (apiKey !== null) {
      request.identity = await identities.byKey(apiKey)
      if (!request.identity) throw new KirokuError({ code: 'UNAUTHORIZED', message: 'no user has this API key' })
      return
    }
    if (isCrossOrigin(request))
      throw new KirokuError({ code: 'FORBIDDEN', message: 'a page of another origin may not use this server' })
    const token = sessionTokenOf(request)
    if (token === null) return
    const session = await identities.bySession(token)
    if (session && (!session.isLocal || isFromThisMachine(request))) request.identity = session
  })
}

/** Who asks. Throws UNAUTHORIZED for a request without a valid key or session. */
export function requireIdentity(request: FastifyRequest): Identity {
  if (request.identity) return request.identity
  throw new KirokuError({
    code: 'UNAUTHORIZED',
    message: 'sign in, or send an API key: Authorization: Bearer kiroku-…',
  })
}

/** The key of `Authorization: Bearer KEY` or of `Basic`, whose password it is; null without that header. */
function apiKeyOf(request: FastifyRequest): string | null {
  const header = request.headers.authorization
  if (header === undefined) return null
  const [scheme, credentials = ''] = header.split(' ')
  const key = scheme?.toLowerCase() === 'basic' ? passwordOf(credentials) : credentials
  const parsed = apiKeySchema.safeParse(key)
  if (parsed.success) return parsed.data
  throw new KirokuError({ code: 'UNAUTHORIZED', message: 'the API key is not `kiroku-` and 40 letters or digits' })
}

function passwordOf(credentials: string): string {
  const text = Buffer.from(credentials, 'base64').toString('utf8')
  return text.slice(text.indexOf(':') + 1)
}
