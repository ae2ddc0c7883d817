import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { KirokuError } from '@kiroku/core/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import type { IdentitiesRepository } from '../features/sessions/index.ts'
import { sessionCookie, sessionTokenOf } from './cookies.ts'
import { prefixOf } from './path-prefix.ts'
import { takeOver } from './raw-reply.ts'
import { isFromThisMachine } from './request-origin.ts'

/** Answers a request for a page or one of its files. */
export type Dashboard = {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  close(): Promise<void>
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>
type NextServer = { prepare(): Promise<void>; getRequestHandler(): Handler; close(): Promise<void> }
type NextFactory = (options: { dev: false; dir: string; hostname: string; port: number }) => NextServer

const factorySchema = z.custom<NextFactory>((value) => typeof value === 'function')
const nextModuleSchema = z.union([
  z.object({ default: factorySchema }).transform((found) => found.default),
  z.object({ default: z.object({ default: factorySchema }) }).transform((found) => found.default.default),
])

/**
 * Opens the built dashboard in `webDir`, with the Next.js that it was built with, in this process. Throws `KirokuError`
 * UNAVAILABLE when there is no build.
 */
export async function openDashboard(webDir: string): Promise<Dashboard> {
  try {
    const file = createRequire(join(webDir, 'package.json')).resolve('next')
    const createNext = nextModuleSchema.parse(await import(pathToFileURL(file).href))
    const next = createNext({ dev: false, dir: webDir, hostname: 'localhost', port: 0 })
    await next.prepare()
    return { handle: next.getRequestHandler(), close: () => next.close() }
  } catch (cause) {
    const message = `the dashboard in ${webDir} cannot be opened; build it first`
    throw new KirokuError({ code: 'UNAVAILABLE', message, cause })
  }
}

export type DashboardOptions = {
  /** Undefined serves the API alone. */
  dashboard: Dashboard | undefined
  identities: IdentitiesRepository
  /** The user that a browser on this machine is signed in as; null for none. */
  localUserId: string | null
  /** Where browsers find it when it is asked for below a path, where it cannot be. */
  ownUrl?: string | undefined
}

/** Everything that is not the API's belongs to the dashboard. */
export function registerDashboard(
  app: FastifyInstance,
  { dashboard, identities, localUserId, ownUrl }: DashboardOptions,
): void {
  app.setNotFoundHandler(async (request, reply) => {
    if (request.url === '/api' || request.url.startsWith('/api/'))
      throw new KirokuError({ code: 'NOT_FOUND', message: `there is nothing at ${request.method} ${request.url}` })
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new KirokuError({ code: 'BAD_REQUEST', message: 'pages are read by GET' })
    const prefix = prefixOf(request)
    if (prefix !== '') {
      if (ownUrl !== undefined) return reply.redirect(ownUrl + request.url)
      const message = `the dashboard cannot be below ${prefix}: give it a host name of its own, and name that in KIROKU_DASHBOARD_URL`
      throw new KirokuError({ code: 'NOT_FOUND', message })
    }
    if (localUserId !== null && isPage(request)) await signInLocally(request, reply, identities, localUserId)
    if (!dashboard)
      return reply.type('text/plain; charset=utf-8').send('Kiroku runs. Its dashboard is not built: run `npm start`.\n')
    await dashboard.handle(request.raw, takeOver(reply))
  })
}

/** A browser asks for a document, not for one of its files. */
function isPage(request: FastifyRequest): boolean {
  const { accept = '' } = request.headers
  const destination = request.headers['sec-fetch-dest']
  return (
    request.method === 'GET' &&
    (destination === undefined || destination === 'document') &&
    accept.includes('text/html')
  )
}

async function signInLocally(
  request: FastifyRequest,
  reply: FastifyReply,
  identities: IdentitiesRepository,
  userId: string,
): Promise<void> {
  if (!isFromThisMachine(request) || request.headers['sec-fetch-site'] === 'cross-site') return
  const token = sessionTokenOf(request)
  if (token !== null && (await identities.bySession(token)) !== null) return
  reply.header('set-cookie', sessionCookie(await identities.signInLocally(userId), request))
}
