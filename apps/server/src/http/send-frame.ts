import { Readable } from 'node:stream'
import { createGzip, gzipSync } from 'node:zlib'
import { frameContentType } from '@kiroku/core/frames'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isFromThisMachine } from './request-origin.ts'

const pieceBytes = 256 * 1024
/** What is smaller is put together with what is beside it: sending it by itself takes longer than a copy. */
const copiedBytes = 32 * 1024
const fewestBytes = 32 * 1024
const sampleBytes = 64 * 1024
/** Above this share of its size compressing takes longer than it saves on the networks of offices and homes. */
const largestShare = 0.8
/** Higher levels save next to nothing on numbers and take several times as long. */
const level = 1

/**
 * Answers a frame, given in parts, piece by piece, so that little of it is on its way when the caller leaves. It is compressed for callers
 * from elsewhere that take gzip, if a part from its middle shows that this pays: series of decimals shrink to half, noise does not.
 */
export function sendFrame(request: FastifyRequest, reply: FastifyReply, parts: readonly Uint8Array[]): FastifyReply {
  const accepted = String(request.headers['accept-encoding'] ?? '')
  reply
    .header('content-type', frameContentType)
    .header('vary', 'accept-encoding')
    .header('server-timing', `total;dur=${reply.elapsedTime.toFixed(1)}`)
  const pieces = streamOf(piecesOf(parts))
  if (isFromThisMachine(request) || !/\bgzip\b/.test(accepted) || !shrinks(parts))
    return reply.header('content-length', lengthOf(parts)).send(pieces)
  return reply.header('content-encoding', 'gzip').send(pieces.pipe(createGzip({ level })))
}

/**
 * The pieces as a stream. `Readable.from` waits for each by a promise, and what it gave stays in memory until a full garbage collection:
 * charts of many runs had one for every ten of them.
 */
function streamOf(pieces: Iterator<Buffer>): Readable {
  return new Readable({
    read() {
      const { value, done } = pieces.next()
      this.push(done ? null : value)
    },
  })
}

const lengthOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { byteLength }) => sum + byteLength, 0)

/** Whether compressing makes a frame much smaller. */
export function shrinks(parts: readonly Uint8Array[]): boolean {
  const length = lengthOf(parts)
  if (length < fewestBytes) return false
  const sample = sampleOf(parts, Math.max(0, Math.floor((length - sampleBytes) / 2)))
  return gzipSync(sample, { level }).byteLength <= largestShare * sample.byteLength
}

/** So many bytes from an offset on. */
function sampleOf(parts: readonly Uint8Array[], from: number): Buffer {
  let begin = -from
  const found = parts.flatMap((part) => {
    const cut = part.subarray(Math.max(0, -begin), Math.max(0, sampleBytes - begin))
    begin += part.byteLength
    return cut.byteLength > 0 ? [cut] : []
  })
  return Buffer.concat(found)
}

/** The parts as pieces of some size: large ones are cut, and small ones put together. */
function* piecesOf(parts: readonly Uint8Array[]): Generator<Buffer, void> {
  let small: Uint8Array[] = []
  let size = 0
  for (const part of parts)
    for (let from = 0; from < part.byteLength; from += pieceBytes) {
      const piece = part.subarray(from, from + pieceBytes)
      const isLarge = piece.byteLength >= copiedBytes
      if (size > 0 && (isLarge || size >= pieceBytes)) {
        yield wholeOf(small)
        small = []
        size = 0
      }
      if (isLarge) yield wholeOf([piece])
      else {
        small.push(piece)
        size += piece.byteLength
      }
    }
  if (size > 0) yield wholeOf(small)
}

function wholeOf(pieces: readonly Uint8Array[]): Buffer {
  const [only] = pieces
  if (only === undefined || pieces.length > 1) return Buffer.concat(pieces)
  return Buffer.from(only.buffer, only.byteOffset, only.byteLength)
}
