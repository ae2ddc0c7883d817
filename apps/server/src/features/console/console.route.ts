import { Readable } from 'node:stream'
import { parseInput } from '@kiroku/core/errors'
import { exportNames } from '@kiroku/core/export-format'
import { consoleFileName } from '@kiroku/core/files'
import { wholeConsoleInputSchema } from '@kiroku/core/queries'
import { routes } from '@kiroku/core/routes'
import type { FastifyInstance } from 'fastify'
import { requireIdentity } from '../../http/authentication.ts'
import { authorizeOrganization } from '../../http/scopes.ts'
import { fileNameParameters, sandboxed } from '../files/index.ts'
import type { ProjectsRepository } from '../projects/index.ts'
import type { ConsoleService } from './console.service.ts'

/** GET all that a run printed, as plain text to save or as JSON lines. It is streamed: no more than a chunk of it is in memory. */
export function registerConsoleRoute(app: FastifyInstance, lines: ConsoleService, projects: ProjectsRepository): void {
  app.get(routes.console, async (request, reply) => {
    const identity = requireIdentity(request)
    const asked = parseInput(wholeConsoleInputSchema, request.query, 'console request')
    const scope = await projects.byName(authorizeOrganization(identity, asked.organization), asked.project)
    const isJson = asked.format === 'jsonl'
    const text = await (isJson ? lines.jsonLines(scope, asked.run) : lines.text(scope, asked.run))
    return reply
      .headers(sandboxed)
      .header('content-type', `${isJson ? 'application/x-ndjson' : 'text/plain'}; charset=utf-8`)
      .header(
        'content-disposition',
        `attachment; ${fileNameParameters(`${asked.run}-${isJson ? exportNames.console : consoleFileName}`)}`,
      )
      .send(Readable.from(text, { objectMode: false }))
  })
}
