import { maxArtifactFileBytes } from '@kiroku/core/artifacts'
import { KirokuError, parseInput } from '@kiroku/core/errors'
import { filePathSchema, maxFileBytes, sha256Schema } from '@kiroku/core/files'
import { runAddressSchema } from '@kiroku/core/queries'
import { routes } from '@kiroku/core/routes'
import type { FastifyInstance } from 'fastify'
import * as z from 'zod'
import { requireIdentity } from '../../http/authentication.ts'
import { authorizeOnly, authorizeOrganization } from '../../http/scopes.ts'
import type { ProjectsRepository } from '../projects/index.ts'
import { headersOf, isPage, pageHeadersOf } from './file-headers.ts'
import type { FilesService } from './files.service.ts'
import { sendContent } from './send-content.ts'

const blobParametersSchema = z.object({ sha256: sha256Schema })
const blobQuerySchema = z.object({ of: z.literal('artifact').optional() })
const fileQuerySchema = runAddressSchema.extend({ path: filePathSchema, as: z.literal('page').optional() })

/**
 * PUT a content under its hash, and GET a run's file or a stretch of it. Both are streamed: no more than a piece of one is in
 * memory.
 */
export function registerFileRoutes(app: FastifyInstance, files: FilesService, projects: ProjectsRepository): void {
  app.register(async (uploads) => {
    // A body of any type is left as the stream that it is.
    uploads.removeAllContentTypeParsers()
    uploads.addContentTypeParser('*', (_request, _body, done) => done(null))
    uploads.put(`${routes.blobs}/:sha256`, async (request, reply) => {
      const scope = authorizeOnly(requireIdentity(request))
      const { sha256 } = parseInput(blobParametersSchema, request.params, 'blob')
      const { of } = parseInput(blobQuerySchema, request.query, 'blob')
      const maxBytes = of === 'artifact' ? maxArtifactFileBytes : maxFileBytes
      if (Number(request.headers['content-length'] ?? 0) > maxBytes)
        throw new KirokuError({ code: 'TOO_LARGE', message: `a file has at most ${maxBytes} bytes` })
      // A refusal in the middle must not close the connection before it is told, nor leave it full of what follows.
      const content = request.raw.iterator({ destroyOnReturn: false })
      await files.put(scope, sha256, content, maxBytes).finally(() => request.raw.resume())
      return reply.code(204).send()
    })
  })

  app.get(routes.files, async (request, reply) => {
    const identity = requireIdentity(request)
    const asked = parseInput(fileQuerySchema, request.query, 'file request')
    const scope = await projects.byName(authorizeOrganization(identity, asked.organization), asked.project)
    const file = await files.byPath(scope, asked.run, asked.path)
    if (asked.as === 'page' && !isPage(file))
      throw new KirokuError({
        code: 'BAD_REQUEST',
        message: `as: only HTML is shown as a page, and ${asked.path} is ${file.mime}; leave \`as\` out to have the file`,
      })
    reply.headers(asked.as === 'page' ? pageHeadersOf(file) : headersOf(file))
    return sendContent(request, reply, { ...file, open: (range) => files.open(scope, file, range) })
  })
}
