import { artifactFileRequestSchema } from '@kiroku/core/artifacts'
import { parseInput } from '@kiroku/core/errors'
import { routes } from '@kiroku/core/routes'
import type { FastifyInstance } from 'fastify'
import { requireIdentity } from '../../http/authentication.ts'
import { authorizeOrganization } from '../../http/scopes.ts'
import type { ProjectsRepository } from '../projects/index.ts'
import type { ArtifactsService } from './artifacts.service.ts'
import { sendArtifactFile } from './send-artifact-file.ts'

/** GET a file of a version, the list of its files, or a stretch of one of them. It is streamed. */
export function registerArtifactRoute(
  app: FastifyInstance,
  artifacts: ArtifactsService,
  projects: Pick<ProjectsRepository, 'byName'>,
): void {
  app.get(routes.artifactFiles, async (request, reply) => {
    const identity = requireIdentity(request)
    const asked = parseInput(artifactFileRequestSchema, request.query, 'artifact file request')
    const scope = await projects.byName(authorizeOrganization(identity, asked.organization), asked.project)
    const { artifact } = await artifacts.requireVersion(scope, asked.name, asked.version)
    const file =
      asked.path === undefined
        ? await artifacts.manifestContent(scope, artifact)
        : await artifacts.content(scope, artifact, asked.path)
    return sendArtifactFile(request, reply, file)
  })
}
