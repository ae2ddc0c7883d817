import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { KirokuError, parseInput } from '@kiroku/core/errors'
import type { FastifyInstance } from 'fastify'
import { authorizeOrganization } from '../../../http/scopes.ts'
import type { HistoryService } from '../../history/index.ts'
import type { ProjectsRepository } from '../../projects/index.ts'
import type { IdentitiesRepository } from '../../sessions/index.ts'
import { runParametersSchema } from '../run-parameters.ts'
import { wandbCallerOf } from '../wandb-caller.ts'
import { wandbRoutes } from '../wandb-routes.ts'
import { fileStreamRequestSchema, maxPostBytes } from './file-stream.schema.ts'
import type { FileStreamService } from './file-stream.service.ts'

export type FileStreamRouteOptions = {
  stream: FileStreamService
  history: Pick<HistoryService, 'admit'>
  projects: Pick<ProjectsRepository, 'byName'>
  identities: IdentitiesRepository
}

/** So much memory a byte of a post takes while it is read and parsed. */
const memoryOfByte = 6
const unpack = promisify(gunzip)

/** POST lines of a run's files; answers when they are on disk, and whether the script shall end. */
export function registerFileStreamRoute(
  app: FastifyInstance,
  { stream, history, projects, identities }: FileStreamRouteOptions,
): void {
  app.register(async (posts) => {
    posts.removeAllContentTypeParsers()
    posts.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    posts.post(wandbRoutes.fileStream, { bodyLimit: maxPostBytes }, async (request) => {
      const caller = await wandbCallerOf(request, identities)
      const { entity, project, run } = parseInput(runParametersSchema, request.params, 'file_stream')
      const organization = authorizeOrganization(caller.identity, entity)
      const scope = await projects.byName(organization, project)
      const body = await readBody(request.body, request.headers['content-encoding'])
      const release = history.admit(body.byteLength * memoryOfByte)
      try {
        const post = parseInput(fileStreamRequestSchema, parseJson(body), 'file_stream')
        const target = { organization, scope, run, client: caller.client }
        const { isStopAsked, refused } = await stream.accept(target, post)
        for (const { metric, reason } of refused.slice(0, 10)) request.log.warn({ run, metric, reason }, 'not stored')
        return { exitcode: null, limits: {}, stopped: isStopAsked }
      } finally {
        release()
      }
    })
  })
}

async function readBody(body: unknown, encoding: string | undefined): Promise<Uint8Array> {
  if (!(body instanceof Uint8Array)) return new Uint8Array(0)
  if (encoding === undefined || encoding === 'identity') return body
  if (encoding !== 'gzip')
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `file_stream: the encoding ${encoding} is not known; send gzip`,
    })
  try {
    return await unpack(body, { maxOutputLength: maxPostBytes })
  } catch (cause) {
    throw new KirokuError({ code: 'BAD_REQUEST', message: 'file_stream: the body is no gzip, or too long', cause })
  }
}

function parseJson(body: Uint8Array): unknown {
  if (body.byteLength === 0) return {}
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString())
  } catch (cause) {
    throw new KirokuError({ code: 'BAD_REQUEST', message: 'file_stream: the body is no JSON', cause })
  }
}
