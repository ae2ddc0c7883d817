import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'

/** The bare response, with the headers that were set so far; from here on the framework leaves it alone. */
export function takeOver(reply: FastifyReply): ServerResponse {
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) reply.raw.setHeader(name, value)
  return reply.raw
}
