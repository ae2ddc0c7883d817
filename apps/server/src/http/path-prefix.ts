import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import * as z from 'zod'

/** A path that a proxy has Kiroku below: `/kiroku`, or several names, without a slash at its end. */
export const pathPrefixSchema = z
  .string()
  .max(256)
  .regex(/^(\/[\w~-][\w.~-]*)+$/, 'expected a path such as /kiroku, without a slash at its end')

const header = 'x-forwarded-prefix'

/**
 * Takes the prefix off the addresses that a proxy leaves it in, and notes it where one that takes it off itself says it. Addresses
 * without it stay as they are.
 */
export function stripPrefix(prefix: string): (request: IncomingMessage) => string {
  return (request) => {
    const url = request.url ?? '/'
    if (!url.startsWith(prefix)) return url
    const rest = url.slice(prefix.length)
    if (rest !== '' && rest[0] !== '/' && rest[0] !== '?') return url
    request.headers[header] = prefix
    return rest.startsWith('/') ? rest : `/${rest}`
  }
}

/** The path that the caller has Kiroku below; empty for none. What a proxy says is believed as far as it is one. */
export function prefixOf({ headers }: Pick<FastifyRequest, 'headers'>): string {
  const said = headers[header]
  const first = typeof said === 'string' ? said.split(',')[0]?.trim().replace(/\/+$/, '') : undefined
  return pathPrefixSchema.safeParse(first).data ?? ''
}
