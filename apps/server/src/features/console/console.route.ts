import { Readable } from 'node:stream'
import { parseInput } from '@kiroku/core/errors'
import { consoleFileName } from '@kiroku/core/files'
import { runAddressSchema } from '@kiroku/core/queries'
import { routes } from '@kiroku/core/routes'
import type { FastifyInstance } from 'fastify'
import { requireIdentity } from '../../http/authentication.ts'
import { authorizeOrganization } from '../../http/scopes.ts'
import { fileNameParameters, sandboxed } from '../files/index.ts'
import type { ProjectsRepository } from '../projects/index.ts'
import type { ConsoleService } from './console.service.ts'

/** GET all that a run printed, as plain text to save. It is streamed: no more than a chunk of it is in memory. */
export function registerConsoleRoute(app: FastifyInstance, lines: ConsoleService, projects: ProjectsRepository): void {
  app.get(routes.console, async (request, reply) => {
    const identity = requireIdentity(request)
    const asked = parseInput(runAddressSchema, request.query, 'console request')
    const scope = await projects.byName(authorizeOrganization(identity, asked.organization), asked.project)
    const text = await lines.text(scope, asked.run)
    return reply
      .headers(sandboxed)
      .header('content-type', 'text/plain; charset=utf-8')
      .header('content-disposition', `attachment; ${fileNameParameters(`${asked.run}-${consoleFileName}`)}`)
      .send(Readable.from(text, { objectMode: false }))
  })
}
