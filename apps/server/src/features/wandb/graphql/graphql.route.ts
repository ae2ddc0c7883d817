import { KirokuError, parseInput } from '@kiroku/core/errors'
import type { FastifyInstance } from 'fastify'
import { callerOf } from '../wandb-caller.ts'
import { wandbRoutes } from '../wandb-routes.ts'
import type { WandbServices } from '../wandb-services.ts'
import { operationRequestSchema, runOperation } from './run-operation.ts'
import { wandbSchema } from './wandb-schema.ts'

/** A config or a summary may be large. */
const maxOperationBytes = 32 * 1024 * 1024

/** POST a GraphQL document. */
export function registerGraphqlRoute(app: FastifyInstance, services: WandbServices): void {
  app.post(wandbRoutes.graphql, { bodyLimit: maxOperationBytes }, async (request, reply) => {
    const caller = callerOf(request)
    const operation = parseInput(operationRequestSchema, request.body, 'GraphQL request')
    const result = await runOperation(wandbSchema, operation, { ...caller, services, log: request.log })
    return reply.send(result)
  })
  app.get(wandbRoutes.graphql, async () => {
    throw new KirokuError({ code: 'NOT_FOUND', message: 'GraphQL documents are posted' })
  })
}
