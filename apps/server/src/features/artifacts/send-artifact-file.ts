import type { FastifyReply, FastifyRequest } from 'fastify'
import mime from 'mime'
import { headersOf, sendContent } from '../files/index.ts'
import type { ArtifactContent } from './artifacts.service.ts'

/** Sends a file of an artifact, or the stretch of it that is asked for. Nothing in it runs in a browser. */
export function sendArtifactFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: ArtifactContent,
): Promise<FastifyReply> {
  reply.headers(headersOf({ ...file, mime: mime.getType(file.path) ?? 'application/octet-stream' }))
  return sendContent(request, reply, file)
}
