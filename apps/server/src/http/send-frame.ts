import { Readable } from 'node:stream'
import { createGzip, gzipSync } from 'node:zlib'
import { frameContentType } from '@kiroku/core/frames'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isFromThisMachine } from './request-origin.ts'

const pieceBytes = 256 * 1024
const fewestBytes = 32 * 1024
const sampleBytes = 64 * 1024
/** Above this share of its size compressing takes longer than it saves on the networks of offices and homes. */
const largestShare = 0.8
/** Higher levels save next to nothing on numbers and take several times as long. */
const level = 1

/**
 * Answers a frame piece by piece, so that little of it is on its way when the caller leaves. It is compressed for callers from
 * elsewhere that take gzip, if a part from its middle shows that this pays: series of decimals shrink to half, noise does not.
 */
export function sendFrame(request: FastifyRequest, reply: FastifyReply, bytes: Uint8Array): FastifyReply {
  const accepted = String(request.headers['accept-encoding'] ?? '')
  reply
    .header('content-type', frameContentType)
    .header('vary', 'accept-encoding')
    .header('server-timing', `total;dur=${reply.elapsedTime.toFixed(1)}`)
  if (isFromThisMachine(request) || !/\bgzip\b/.test(accepted) || !shrinks(bytes))
    return reply.header('content-length', bytes.byteLength).send(Readable.from(piecesOf(bytes), { objectMode: false }))
  const compressed = Readable.from(piecesOf(bytes), { objectMode: false }).pipe(createGzip({ level }))
  return reply.header('content-encoding', 'gzip').send(compressed)
}

/** Whether compressing makes bytes much smaller. */
export function shrinks(bytes: Uint8Array): boolean {
  if (bytes.byteLength < fewestBytes) return false
  const from = Math.max(0, Math.floor((bytes.byteLength - sampleBytes) / 2))
  const sample = bytes.subarray(from, from + sampleBytes)
  return gzipSync(sample, { level }).byteLength <= largestShare * sample.byteLength
}

function* piecesOf(bytes: Uint8Array): Iterable<Buffer> {
  for (let from = 0; from < bytes.byteLength; from += pieceBytes) {
    const length = Math.min(pieceBytes, bytes.byteLength - from)
    yield Buffer.from(bytes.buffer, bytes.byteOffset + from, length)
  }
}
