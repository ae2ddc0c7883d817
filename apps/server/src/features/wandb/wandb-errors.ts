import { httpStatusByCode, type KirokuError } from '@kiroku/core/errors'
import type { FastifyInstance } from 'fastify'
import { retryAfterSeconds, toKirokuError } from '../../http/errors.ts'

/** When a failure of the server's own is worth another try. */
const retryAfterFailure = 5

/**
 * Answers failures of this part as `wandb` clients understand them: `errors`, as GraphQL has it, and a status. What a client may
 * try again is 429 or 503, with `Retry-After`; everything else ends what it does, some of it for good.
 */
export function answerWandbErrors(app: FastifyInstance): void {
  app.setErrorHandler(async (error, request, reply) => {
    const known = toKirokuError(error)
    if (known.code === 'INTERNAL' && !reply.raw.destroyed)
      request.log.error({ err: known.cause ?? known }, 'wandb request failed')
    const status = statusOf(known)
    if (status === 429 || status === 503) reply.header('retry-after', retryAfterSeconds(known) ?? retryAfterFailure)
    const message = known.code === 'INTERNAL' ? `the server failed; see its log under ${request.id}` : known.message
    return reply.code(status).send({ errors: [{ message, extensions: { code: known.code } }] })
  })
}

/** The server having no room is back-pressure; that it fails may pass. */
function statusOf({ code, details }: KirokuError): number {
  if (code === 'INTERNAL') return 503
  if (code === 'UNAVAILABLE' && 'retryAfterMs' in details) return 429
  return httpStatusByCode[code]
}
