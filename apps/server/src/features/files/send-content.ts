import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ByteRange } from './blob-storage.ts'
import { readRange } from './byte-range.ts'
import { etagOf, namesTag } from './file-headers.ts'
import type { OpenContent } from './files.service.ts'

/** A content that somebody may have: its hash, its size in bytes, and how it is opened. */
export type ReadableContent = { sha256: string; size: number; open(range?: ByteRange): Promise<OpenContent> }

/**
 * Answers with a content, whose other headers are set before, or with the stretch that a `Range` header asks for, as RFC 9110
 * has it: 304 for who has it, 416 where nothing of it lies there, and the whole where the range is none that is understood, or
 * is of another content than `If-Range` names.
 */
export async function sendContent(
  request: FastifyRequest,
  reply: FastifyReply,
  content: ReadableContent,
): Promise<FastifyReply> {
  reply.header('accept-ranges', 'bytes')
  const etag = etagOf(content)
  if (namesTag(request.headers['if-none-match'], etag)) return reply.code(304).send()
  const ifRange = request.headers['if-range']
  const isSame = ifRange === undefined || ifRange === etag
  const range = isSame ? readRange(request.headers.range, content.size) : undefined
  if (range === 'none') return reply.code(416).header('content-range', `bytes */${content.size}`).send()
  const { content: bytes, size } = await content.open(range)
  if (range === undefined) return reply.header('content-length', size).send(bytes)
  const { start, end } = range
  return reply
    .code(206)
    .headers({ 'content-range': `bytes ${start}-${end}/${size}`, 'content-length': end - start + 1 })
    .send(bytes)
}
