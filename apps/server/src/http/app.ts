import { randomUUID } from 'node:crypto'
import { httpStatusByCode, KirokuError } from '@kiroku/core/errors'
import { frameContentType } from '@kiroku/core/frames'
import { routes } from '@kiroku/core/routes'
import { type CreateFastifyContextOptions, fastifyTRPCPlugin } from '@trpc/server/adapters/fastify'
import { type FastifyInstance, type FastifyRequest, fastify, LogController } from 'fastify'
import * as z from 'zod'
import type { Environment } from '../env.ts'
import { appRouter } from '../router.ts'
import type { Services } from '../services.ts'
import { registerAuthentication } from './authentication.ts'
import { answerBadAddress } from './bad-address.ts'
import { describeError, retryAfterSeconds, toKirokuError } from './errors.ts'
import { stripPrefix } from './path-prefix.ts'
import { setSecurityHeaders } from './security-headers.ts'
import { endStalledRequests } from './stalled-requests.ts'
import type { Context } from './trpc.ts'

export type LogLevel = Environment['KIROKU_LOG_LEVEL']

const maxControlBytes = 16 * 1024 * 1024

const bodyTooLargeSchema = z.object({ code: z.literal('FST_ERR_CTP_BODY_TOO_LARGE') })

/** The refusal of a body says how large one may be there. */
function withBodyLimit(error: KirokuError, limit: number | undefined): KirokuError {
  if (limit === undefined || !bodyTooLargeSchema.safeParse(error.cause).success) return error
  const message = `the body has more than ${limit} bytes, the most that is taken here; send it in parts`
  return new KirokuError({ code: error.code, message, cause: error.cause })
}

/** The HTTP server without routes but tRPC's: who asks, errors, headers and logs are settled here for all of them. */
export function createApp(
  services: Services,
  { logLevel, pathPrefix }: { logLevel: LogLevel; pathPrefix: string | undefined },
  onRoute: (route: { method: string | string[]; url: string }) => void = () => {},
): FastifyInstance {
  const app: FastifyInstance = fastify({
    // Standard output belongs to whoever started the server.
    logger: { level: logLevel, stream: process.stderr },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxControlBytes,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 4096 },
    return503OnClosing: true,
    forceCloseConnections: 'idle',
    frameworkErrors: answerBadAddress,
    ...(pathPrefix !== undefined && { rewriteUrl: stripPrefix(pathPrefix) }),
  })
  app.addHook('onRoute', ({ method, url }) => onRoute({ method, url }))
  app.addContentTypeParser(frameContentType, { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.addHook('onRequest', async (request, reply) => {
    setSecurityHeaders(reply)
    reply.header('x-request-id', request.id)
    if ((request.routeOptions.url ?? request.url).startsWith('/api/')) reply.header('cache-control', 'no-store')
  })
  endStalledRequests(app)
  registerAuthentication(app, services.identities)
  app.setErrorHandler(async (error, request, reply) => {
    const known = withBodyLimit(toKirokuError(error), request.routeOptions.bodyLimit)
    // Whoever is gone needs no answer, and what failed by that is no fault.
    if (known.code === 'INTERNAL' && !reply.raw.destroyed)
      request.log.error({ err: known.cause ?? known }, 'request failed')
    const retryAfter = retryAfterSeconds(known)
    if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
    return reply.code(httpStatusByCode[known.code]).send(describeError(known, request.id))
  })
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions, id } = request
    request.log.debug(
      { requestId: id, method, route: routeOptions.url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'answered',
    )
  })
  app.register(fastifyTRPCPlugin, {
    prefix: routes.trpc,
    trpcOptions: {
      // What names a thousand runs does not fit in an address.
      allowMethodOverride: true,
      router: appRouter,
      createContext: ({ req }: CreateFastifyContextOptions): Context => ({
        identity: req.identity,
        refusal: req.refusal,
        services,
        requestId: req.id,
      }),
      onError({ error, path, req }: { error: unknown; path?: string | undefined; req: FastifyRequest }) {
        const known = toKirokuError(error)
        if (known.code !== 'INTERNAL') return
        // A caller who is gone may be why: it asks again if it still wants to know.
        const level = req.raw.socket.destroyed ? 'warn' : 'error'
        req.log[level]({ err: known.cause ?? known, procedure: path }, 'procedure failed')
      },
    },
  })
  return app
}
