import { KirokuError } from '@kiroku/core/errors'
import type { FastifyInstance } from 'fastify'
import { wandbRoutes } from './wandb-routes.ts'

/** What clients try besides, and do without when there is nothing: their telemetry, identity tokens. */
const absent = ['/sdk/otel/*', '/oidc/token'] as const

const keysPage = '/settings/keys'

/** Sends people who need a key to the page that has them, and says what there is not. */
export function registerOtherRoutes(app: FastifyInstance): void {
  app.get(wandbRoutes.authorize, (_request, reply) => reply.redirect(keysPage))
  app.get(wandbRoutes.ready, (_request, reply) => reply.redirect('/api/ready'))
  app.register(async (others) => {
    others.removeAllContentTypeParsers()
    others.addContentTypeParser('*', (_request, _body, done) => done(null))
    for (const url of absent)
      others.route({
        method: ['GET', 'POST', 'PUT'],
        url,
        handler: async (request) => {
          throw new KirokuError({ code: 'NOT_FOUND', message: `there is nothing at ${request.method} ${request.url}` })
        },
      })
  })
}
