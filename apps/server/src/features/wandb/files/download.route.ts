import { parseInput } from '@kiroku/core/errors'
import { filePathSchema } from '@kiroku/core/files'
import type { FastifyInstance } from 'fastify'
import * as z from 'zod'
import { type FilesService, headersOf } from '../../files/index.ts'
import type { ProjectsRepository } from '../../projects/index.ts'
import { runParametersSchema } from '../run-parameters.ts'
import { wandbRoutes } from '../wandb-routes.ts'
import type { DownloadLinks } from './download-links.ts'

const querySchema = z.object({
  path: filePathSchema,
  until: z.coerce.number().int(),
  signature: z.string().max(256),
})

/** GET the content of a run's file by a link to it. It is streamed. */
export function registerDownloadRoute(
  app: FastifyInstance,
  {
    links,
    files,
    projects,
  }: {
    links: DownloadLinks
    files: Pick<FilesService, 'byPath' | 'open'>
    projects: Pick<ProjectsRepository, 'byName'>
  },
): void {
  app.get(wandbRoutes.download, async (request, reply) => {
    const names = parseInput(runParametersSchema, request.params, 'download')
    const { path, ...link } = parseInput(querySchema, request.query, 'download')
    const scope = await projects.byName(await links.check({ ...names, path }, link), names.project)
    const file = await files.byPath(scope, names.run, path)
    const { content, size } = await files.open(scope, file)
    return reply.headers(headersOf(file)).header('content-length', size).send(content)
  })
}
