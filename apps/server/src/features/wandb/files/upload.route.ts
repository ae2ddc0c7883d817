import { KirokuError, parseInput } from '@kiroku/core/errors'
import { filePathSchema, maxFileBytes } from '@kiroku/core/files'
import type { FastifyInstance } from 'fastify'
import * as z from 'zod'
import { authorizeOrganization } from '../../../http/scopes.ts'
import type { ProjectsRepository } from '../../projects/index.ts'
import { runParametersSchema } from '../run-parameters.ts'
import { callerOf } from '../wandb-caller.ts'
import { wandbRoutes } from '../wandb-routes.ts'
import type { WandbFilesService } from './wandb-files.service.ts'

const querySchema = z.object({ path: filePathSchema })

/** PUT the content of a run's file, in the place of one that was there. It is streamed. */
export function registerUploadRoute(
  app: FastifyInstance,
  files: WandbFilesService,
  projects: Pick<ProjectsRepository, 'byName'>,
): void {
  app.register(async (uploads) => {
    // A body of any type is left as the stream that it is.
    uploads.removeAllContentTypeParsers()
    uploads.addContentTypeParser('*', (_request, _body, done) => done(null))
    uploads.put(wandbRoutes.upload, async (request, reply) => {
      const { identity } = callerOf(request)
      const { entity, project, run } = parseInput(runParametersSchema, request.params, 'upload')
      const { path } = parseInput(querySchema, request.query, 'upload')
      if (Number(request.headers['content-length'] ?? 0) > maxFileBytes)
        throw new KirokuError({ code: 'TOO_LARGE', message: `${path}: a file has at most ${maxFileBytes} bytes` })
      const scope = await projects.byName(authorizeOrganization(identity, entity), project)
      // A refusal in the middle must not close the connection before it is told, nor leave it full of what follows.
      const content = request.raw.iterator({ destroyOnReturn: false })
      await files.receive(scope, run, path, content).finally(() => request.raw.resume())
      return reply.code(200).send()
    })
  })
}
