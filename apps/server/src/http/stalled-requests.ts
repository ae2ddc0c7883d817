import type { IncomingMessage } from 'node:http'
import { KirokuError } from '@kiroku/core/errors'
import type { FastifyInstance } from 'fastify'

/** So long a caller may send nothing of a body that it has begun; the callers of the SDK give up sooner themselves. */
const stalledMs = 60_000

/**
 * Ends requests whose body stands still for `ms` to twice as long: a caller that was cut off without a word would hold what
 * its batch or upload was given, for ever. What the server itself takes for an answer does not count.
 */
export function endStalledRequests(app: FastifyInstance, ms: number = stalledMs): void {
  const bytesRead = new Map<IncomingMessage, number>()
  app.addHook('onRequest', async ({ raw }) => {
    if (raw.complete || raw.method === 'GET' || raw.method === 'HEAD') return
    bytesRead.set(raw, raw.socket.bytesRead)
    raw.once('close', () => bytesRead.delete(raw))
  })
  const look = (): void => {
    for (const [raw, before] of bytesRead) {
      if (raw.complete || raw.destroyed) bytesRead.delete(raw)
      else if (raw.socket.bytesRead === before) raw.destroy(stalled())
      else bytesRead.set(raw, raw.socket.bytesRead)
    }
  }
  const timer = setInterval(look, ms)
  timer.unref()
  app.addHook('onClose', async () => clearInterval(timer))
}

const stalled = (): KirokuError =>
  new KirokuError({ code: 'BAD_REQUEST', message: 'the rest of the body did not come' })
