import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { KirokuError, parseInput } from '@kiroku/core/errors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { authorizeOrganization } from '../../../http/scopes.ts'
import type { HistoryService } from '../../history/index.ts'
import type { ProjectsRepository } from '../../projects/index.ts'
import { runParametersSchema } from '../run-parameters.ts'
import { callerOf } from '../wandb-caller.ts'
import { wandbRoutes } from '../wandb-routes.ts'
import { fileStreamRequestSchema, maxPostBytes } from './file-stream.schema.ts'
import type { FileStreamService } from './file-stream.service.ts'

export type FileStreamRouteOptions = {
  stream: FileStreamService
  history: Pick<HistoryService, 'admit'>
  projects: Pick<ProjectsRepository, 'byName'>
}

/** So much memory a byte of a post takes while it is read and parsed. */
const memoryOfByte = 6
/** So many values of a post that cannot be stored are told in the log, each with its reason. */
const maxToldRefusals = 10
const unpack = promisify(gunzip)

/**
 * POST lines of a run's files; answers when they are on disk, and whether the script shall end. Whether there is room is settled
 * before a post is read; the room is given back when it is settled, also when its caller did not wait for that.
 */
export function registerFileStreamRoute(
  app: FastifyInstance,
  { stream, history, projects }: FileStreamRouteOptions,
): void {
  const releases = new WeakMap<FastifyRequest, () => void>()
  const accepting = new WeakSet<FastifyRequest>()
  app.register(async (posts) => {
    posts.removeAllContentTypeParsers()
    posts.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    posts.addHook('onRequest', async (request, reply) => {
      const length = Number(request.headers['content-length'] ?? maxPostBytes)
      if (reply.raw.destroyed) throw new KirokuError({ code: 'BAD_REQUEST', message: 'the caller is gone' })
      const release = history.admit(Math.min(length, maxPostBytes) * memoryOfByte)
      releases.set(request, release)
      reply.raw.once('close', () => {
        if (!accepting.has(request)) release()
      })
    })

    posts.post(wandbRoutes.fileStream, { bodyLimit: maxPostBytes }, async (request) => {
      accepting.add(request)
      const { identity, client } = callerOf(request)
      try {
        const { entity, project, run } = parseInput(runParametersSchema, request.params, 'file_stream')
        const organization = authorizeOrganization(identity, entity)
        const scope = await projects.byName(organization, project)
        const encoding = request.headers['content-encoding']
        const packed = request.body instanceof Uint8Array ? request.body : new Uint8Array(0)
        if (encoding === 'gzip') {
          // The room for the packed body is given back for that of both, which one that is alone always finds.
          releases.get(request)?.()
          releases.set(request, history.admit((packed.byteLength + unpackedBytesOf(packed)) * memoryOfByte))
        }
        const body = await readBody(packed, encoding)
        const post = parseInput(fileStreamRequestSchema, parseJson(body), 'file_stream')
        const { isStopAsked, refused } = await stream.accept({ organization, scope, run, client }, post)
        const told = refused.slice(0, maxToldRefusals)
        for (const { metric, reason } of told) request.log.warn({ run, metric, reason }, 'a value cannot be stored')
        return { exitcode: null, limits: {}, stopped: isStopAsked }
      } finally {
        releases.get(request)?.()
      }
    })
  })
}

/** What the end of a gzip says that it has: the bytes of what was packed last, which is all in one that a client made. */
function unpackedBytesOf(packed: Uint8Array): number {
  if (packed.byteLength < 4) return 0
  const size = new DataView(packed.buffer, packed.byteOffset, packed.byteLength).getUint32(packed.byteLength - 4, true)
  return Math.min(size, maxPostBytes)
}

/** Unpacks no more than the body says that it has, which is what there is room for. */
async function readBody(body: Uint8Array, encoding: string | undefined): Promise<Uint8Array> {
  if (encoding === undefined || encoding === 'identity') return body
  if (encoding !== 'gzip')
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `file_stream: the encoding ${encoding} is not known; send gzip`,
    })
  try {
    return await unpack(body, { maxOutputLength: Math.max(1, unpackedBytesOf(body)) })
  } catch (cause) {
    const message = `file_stream: the body is no gzip, has more than it says at its end, or more than ${maxPostBytes} bytes`
    throw new KirokuError({ code: 'BAD_REQUEST', message, cause })
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
