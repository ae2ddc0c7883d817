import { httpStatusByCode } from '@kiroku/core/errors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { describeError, toKirokuError } from './errors.ts'
import { setSecurityHeaders } from './security-headers.ts'

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>No such page · Kiroku</title>
<style>
body { font: 13px/1.5 system-ui, sans-serif; margin: 20vh auto 0; max-width: 30em; padding: 0 16px; text-align: center }
h1 { font-size: 15px }
</style>
<h1>This address cannot be read.</h1>
<p>It has a % that two hexadecimal digits do not follow; a % of a name is written %25.</p>
<p><a href="/">All projects</a></p>
</html>
`

/**
 * Answers requests whose address cannot be decoded, which reach no route and no hook: browsers get a page, others what they
 * get for any error.
 */
export function answerBadAddress(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  setSecurityHeaders(reply)
  reply.header('x-request-id', request.id)
  const isApi = request.url === '/api' || request.url.startsWith('/api/')
  const known = toKirokuError(error)
  reply.code(httpStatusByCode[known.code])
  if (!isApi && (request.headers.accept ?? '').includes('text/html')) reply.type('text/html; charset=utf-8').send(page)
  else reply.send(describeError(known, request.id))
}
