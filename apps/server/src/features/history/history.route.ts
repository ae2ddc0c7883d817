import { frameContentType } from '@kiroku/core/frames'
import { maxBatchBytes } from '@kiroku/core/history'
import { routes } from '@kiroku/core/routes'
import type { FastifyInstance } from 'fastify'
import { requireIdentity } from '../../http/authentication.ts'
import { readBytes } from '../../http/body.ts'
import { authorizeOnly } from '../../http/scopes.ts'
import type { HistoryService } from './history.service.ts'

/** POST a history batch; answers once it is on disk. Who asks, and whether there is room, is settled before it is read. */
export function registerIngestRoute(app: FastifyInstance, history: HistoryService): void {
  app.post(
    routes.ingest,
    {
      bodyLimit: maxBatchBytes,
      onRequest: async (request, reply) => {
        requireIdentity(request)
        const length = Number(request.headers['content-length'] ?? maxBatchBytes)
        reply.raw.once('close', history.admit(Math.min(length, maxBatchBytes)))
      },
    },
    async (request) =>
      history.accept(authorizeOnly(requireIdentity(request)), readBytes(request.body, frameContentType)),
  )
}
