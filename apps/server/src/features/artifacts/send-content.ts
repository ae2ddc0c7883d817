import { KirokuError } from '@kiroku/core/errors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import mime from 'mime'
import { type ByteRange, headersOf } from '../files/index.ts'
import type { ReadFile } from './artifacts.service.ts'

/** The bytes that a `Range` header asks for, where it asks for one stretch from a known start; the end may be left out. */
export function rangeOf({ headers }: Pick<FastifyRequest, 'headers'>): { start: number; end: number } | undefined {
  const [, start, end] = /^bytes=(\d{1,15})-(\d{1,15})?$/.exec(headers.range ?? '') ?? []
  if (start === undefined) return undefined
  const range = { start: Number(start), end: end === undefined ? Number.MAX_SAFE_INTEGER : Number(end) }
  return range.end < range.start ? undefined : range
}

/**
 * Sends a content, or the part of it that `range` was opened with. Nothing in it runs in a browser. Throws BAD_REQUEST for a
 * range behind its end.
 */
export async function sendContent(
  reply: FastifyReply,
  file: ReadFile,
  range: ByteRange | undefined,
): Promise<FastifyReply> {
  reply.headers(headersOf({ ...file, mime: mime.getType(file.path) ?? 'application/octet-stream' }))
  reply.header('accept-ranges', 'bytes')
  if (range === undefined) return reply.header('content-length', file.size).send(file.content)
  const end = Math.min(range.end, file.size - 1)
  if (range.start > end) {
    file.content.destroy()
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `the file has ${file.size} bytes, none from ${range.start} on`,
    })
  }
  reply.header('content-range', `bytes ${range.start}-${end}/${file.size}`)
  return reply
    .code(206)
    .header('content-length', end - range.start + 1)
    .send(file.content)
}
