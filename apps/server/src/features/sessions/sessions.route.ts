import { KirokuError, parseInput } from '@kiroku/core/errors'
import { apiKeySchema } from '@kiroku/core/ids'
import { routes } from '@kiroku/core/routes'
import type { FastifyInstance } from 'fastify'
import * as z from 'zod'
import { clearedCookie, sessionCookie, sessionTokenOf } from '../../http/cookies.ts'
import { createRateLimit } from '../../http/rate-limit.ts'
import type { IdentitiesRepository } from './identities.repository.ts'

const signInSchema = z.object({ apiKey: apiKeySchema })
const attemptsPerMinute = 20

/**
 * POST a key for a session cookie; DELETE ends the session. Wrong keys are limited for each address, and right ones never, as behind
 * a proxy all users have one address.
 */
export function registerSessionRoutes(app: FastifyInstance, identities: IdentitiesRepository): void {
  const limit = createRateLimit({ attempts: attemptsPerMinute, windowMs: 60_000 })

  app.post(routes.session, { bodyLimit: 4096 }, async (request, reply) => {
    const { apiKey } = parseInput(signInSchema, request.body, 'session')
    const token = await identities.signIn(apiKey)
    if (token === null) {
      limit.take(request.ip)
      throw new KirokuError({ code: 'UNAUTHORIZED', message: 'no user has this API key' })
    }
    await reply.header('set-cookie', sessionCookie(token, request)).code(204).send()
  })

  app.delete(routes.session, async (request, reply) => {
    const token = sessionTokenOf(request)
    if (token !== null) await identities.signOut(token)
    await reply.header('set-cookie', clearedCookie(request)).code(204).send()
  })
}
