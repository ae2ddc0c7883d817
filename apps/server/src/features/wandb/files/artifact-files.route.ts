import { artifactPathSchema, maxArtifactFileBytes } from '@kiroku/core/artifacts'
import { KirokuError, parseInput } from '@kiroku/core/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import { authorizeOrganization, type OrganizationScope } from '../../../http/scopes.ts'
import { type ArtifactsService, sendArtifactFile } from '../../artifacts/index.ts'
import { callerOf } from '../wandb-caller.ts'
import { wandbRoutes } from '../wandb-routes.ts'

const hexSchema = z.string().regex(/^[0-9a-f]{32}$/, 'an MD5 is 32 hexadecimal digits here')
const contentSchema = z.object({ entity: z.string(), md5: hexSchema })
const manifestSchema = z.object({ entity: z.string(), id: z.uuid() })
const v2Schema = z.object({ entity: z.string(), '*': z.string() })
const linkSchema = z.object({ entity: z.uuid(), id: z.uuid() })
const linkQuerySchema = z.object({
  path: artifactPathSchema.optional(),
  expires: z.coerce.number().int(),
  signature: z.string().max(128),
})

const toBase64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')

/** PUT contents and lists of files of artifacts; GET contents by their MD5. They are streamed. */
export function registerArtifactContentRoutes(app: FastifyInstance, artifacts: ArtifactsService): void {
  const scopeOf = (request: FastifyRequest, entity: string): OrganizationScope =>
    authorizeOrganization(callerOf(request).identity, entity)

  app.register(async (uploads) => {
    // A body of any type is left as the stream that it is.
    uploads.removeAllContentTypeParsers()
    uploads.addContentTypeParser('*', (_request, _body, done) => done(null))
    uploads.put(wandbRoutes.artifactContent, async (request, reply) => {
      const { entity, md5 } = parseInput(contentSchema, request.params, 'artifact upload')
      const scope = scopeOf(request, entity)
      if (Number(request.headers['content-length'] ?? 0) > maxArtifactFileBytes)
        throw new KirokuError({
          code: 'TOO_LARGE',
          message: `a file of an artifact has at most ${maxArtifactFileBytes} bytes; split it`,
        })
      await artifacts.receive(scope, toBase64(md5), bodyOf(request)).finally(() => request.raw.resume())
      return reply.code(200).send()
    })
    uploads.put(wandbRoutes.artifactManifest, async (request, reply) => {
      const { entity, id } = parseInput(manifestSchema, request.params, 'manifest upload')
      const scope = scopeOf(request, entity)
      await artifacts.receiveManifest(scope, id, bodyOf(request)).finally(() => request.raw.resume())
      return reply.code(200).send()
    })
  })

  const sendByMd5 = async (request: FastifyRequest, reply: FastifyReply, entity: string, md5: string) => {
    return sendArtifactFile(request, reply, await artifacts.contentByMd5(scopeOf(request, entity), toBase64(md5)))
  }
  app.get(wandbRoutes.artifactV1, async (request, reply) => {
    const { entity, md5 } = parseInput(contentSchema, request.params, 'artifact download')
    return sendByMd5(request, reply, entity, md5)
  })
  app.get(wandbRoutes.artifactV2, async (request, reply) => {
    const { entity, '*': names } = parseInput(v2Schema, request.params, 'artifact download')
    // Older clients end with the MD5; newer ones name the project, the artifact and, at the end, the file besides.
    const parts = names.split('/')
    const md5 = parts.at(parts.length > 2 ? -2 : -1)
    return sendByMd5(request, reply, entity, parseInput(hexSchema, md5, 'artifact download'))
  })
}

/** GET a file of an artifact, or its list of files, by an address that the server signed: clients send no key there. */
export function registerArtifactLinkRoutes(app: FastifyInstance, artifacts: ArtifactsService): void {
  app.get(wandbRoutes.artifactLink, async (request, reply) => {
    const { entity: organizationId, id: artifactId } = parseInput(linkSchema, request.params, 'artifact link')
    const { path = null, ...proof } = parseInput(linkQuerySchema, request.query, 'artifact link')
    return sendArtifactFile(
      request,
      reply,
      await artifacts.linkedContent({ organizationId, artifactId, path, ...proof }),
    )
  })
}

/** A refusal in the middle must not close the connection before it is told. */
const bodyOf = (request: FastifyRequest): AsyncIterable<Uint8Array> => request.raw.iterator({ destroyOnReturn: false })
