import { KirokuError } from '@kiroku/core/errors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import * as z from 'zod'
import { authenticate, presentedKey } from '../../http/authentication.ts'
import { prefixOf } from '../../http/path-prefix.ts'
import { authorizeOnly, type Identity, type OrganizationScope } from '../../http/scopes.ts'
import type { IdentitiesRepository } from '../sessions/index.ts'

/** Who a request of a client is from. `authorization` is the header that proved it, by `apiKey`. */
export type WandbCaller = {
  identity: Identity
  organization: OrganizationScope
  authorization: string
  apiKey: string
  client: string | null
  origin: string
}

const clientIdSchema = z.string().min(1).max(128)

const callers = new WeakMap<FastifyRequest, WandbCaller>()

/**
 * Finds out who asks, for every route of this part, before a body is read: by an API key, as the password of `Basic`, whose user
 * is `api`, or as `Bearer`. A browser's session is none, so that no page of another origin can use it. Refuses by UNAUTHORIZED.
 */
export function requireCallers(app: FastifyInstance, identities: IdentitiesRepository): void {
  app.addHook('onRequest', async (request) => {
    callers.set(request, await findCaller(request, identities))
  })
}

/** Who asks, in a part that requires callers. */
export function callerOf(request: FastifyRequest): WandbCaller {
  const caller = callers.get(request)
  if (caller) return caller
  throw new KirokuError({ code: 'INTERNAL', message: `nobody was asked who calls ${request.url}` })
}

async function findCaller(request: FastifyRequest, identities: IdentitiesRepository): Promise<WandbCaller> {
  const { authorization } = request.headers
  if (authorization === undefined)
    throw unauthorized('an API key is needed: run `wandb login` with this server as host')
  const identity = await authenticate(request, identities)
  if (identity instanceof KirokuError) throw identity
  if (identity === null) throw unauthorized('no user has this API key')
  const client = request.headers['x-wandb-client-id'] ?? request.headers['x-wandb-async-client-id']
  return {
    identity,
    organization: authorizeOnly(identity),
    authorization,
    apiKey: presentedKey(request) ?? '',
    client: clientIdSchema.safeParse(client).data ?? null,
    origin: originOf(request),
  }
}

const unauthorized = (message: string): KirokuError => new KirokuError({ code: 'UNAUTHORIZED', message })

/** The server's address as the caller has it: what it is told reaches it alone, so that its own word is enough. */
function originOf(request: FastifyRequest): string {
  const { headers, protocol, host } = request
  const forwarded = (name: string): string | undefined => {
    const value = headers[name]
    return typeof value === 'string' ? value.split(',')[0]?.trim() : undefined
  }
  return `${forwarded('x-forwarded-proto') ?? protocol}://${forwarded('x-forwarded-host') ?? host}${prefixOf(request)}`
}
