import { parseInput } from '@kiroku/core/errors'
import { routes } from '@kiroku/core/routes'
import { sqlRequestSchema } from '@kiroku/core/sql'
import type { FastifyInstance } from 'fastify'
import { requireIdentity } from '../../http/authentication.ts'
import { goneSignal } from '../../http/gone-signal.ts'
import { authorizeOrganization } from '../../http/scopes.ts'
import type { ProjectsRepository } from '../projects/index.ts'
import type { SqlService } from './sql.service.ts'

const maxRequestBytes = 512 * 1024

/** POST a user's query. It is stopped when its caller goes. */
export function registerSqlRoute(app: FastifyInstance, sql: SqlService, projects: ProjectsRepository): void {
  app.post(routes.sql, { bodyLimit: maxRequestBytes }, async (request, reply) => {
    const identity = requireIdentity(request)
    const asked = parseInput(sqlRequestSchema, request.body, 'query')
    const scope = await projects.byName(authorizeOrganization(identity, asked.organization), asked.project)
    return await sql.run(scope, asked.query, goneSignal(reply))
  })
}
