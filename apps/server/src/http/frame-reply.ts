import { frameContentType } from '@kiroku/core/frames'
import type { FastifyReply } from 'fastify'

/** Sends a frame, and how long it took to make. */
export function sendFrame(reply: FastifyReply, bytes: Uint8Array): FastifyReply {
  return reply
    .header('content-type', frameContentType)
    .header('server-timing', `total;dur=${reply.elapsedTime.toFixed(1)}`)
    .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}

/** Aborts when the caller is gone before the answer. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.on('close', () => {
    if (!reply.raw.writableFinished) controller.abort()
  })
  return controller.signal
}
