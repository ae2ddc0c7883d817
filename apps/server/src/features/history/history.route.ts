import { KirokuError } from '@kiroku/core/errors'
import { frameContentType } from '@kiroku/core/frames'
import { maxBatchBytes } from '@kiroku/core/history'
import { routes } from '@kiroku/core/routes'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { requireIdentity } from '../../http/authentication.ts'
import { readBytes } from '../../http/body.ts'
import { authorizeOnly } from '../../http/scopes.ts'
import type { HistoryService } from './history.service.ts'

/**
 * POST a history batch; answers once it is on disk. Who asks, and whether there is room, is settled before it is read. The
 * room is given back when the batch is settled, also when its caller did not wait for that.
 */
export function registerIngestRoute(app: FastifyInstance, history: HistoryService): void {
  const accepting = new WeakSet<FastifyRequest>()
  const releases = new WeakMap<FastifyRequest, () => void>()
  app.post(
    routes.ingest,
    {
      bodyLimit: maxBatchBytes,
      onRequest: async (request, reply) => {
        requireIdentity(request)
        const length = Number(request.headers['content-length'] ?? maxBatchBytes)
        if (reply.raw.destroyed) throw new KirokuError({ code: 'BAD_REQUEST', message: 'the caller is gone' })
        const release = history.admit(Math.min(length, maxBatchBytes))
        releases.set(request, release)
        reply.raw.once('close', () => {
          if (!accepting.has(request)) release()
        })
      },
    },
    async (request) => {
      accepting.add(request)
      try {
        return await history.accept(authorizeOnly(requireIdentity(request)), readBytes(request.body, frameContentType))
      } finally {
        releases.get(request)?.()
      }
    },
  )
}
