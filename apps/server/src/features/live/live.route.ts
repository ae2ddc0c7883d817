import { KirokuError, parseInput } from '@kiroku/core/errors'
import { projectPathSchema } from '@kiroku/core/projects'
import { routes } from '@kiroku/core/routes'
import type { FastifyInstance } from 'fastify'
import { authenticate, requireIdentity } from '../../http/authentication.ts'
import { takeOver } from '../../http/raw-reply.ts'
import { authorizeAll, authorizeOrganization, type Identity } from '../../http/scopes.ts'
import type { Services } from '../../services.ts'
import type { LiveTopic } from './live.service.ts'

const heartbeatMs = 15_000
/** What was said before the end of a stream is delivered within this time, or never. */
const leaveMs = 10_000
/** What may wait for a browser that does not read before its stream is ended. */
const maxBufferedBytes = 1024 * 1024

const liveQuerySchema = projectPathSchema.partial()

/**
 * GET a server-sent stream of `moved` events. It ends with the caller's key or session, and when notices may have been
 * missed: connect and read again.
 */
export function registerLiveRoute(
  app: FastifyInstance,
  { live, projects, identities }: Pick<Services, 'live' | 'projects' | 'identities'>,
): void {
  const topicOf = async (
    identity: Identity,
    { organization, project }: { organization?: string | undefined; project?: string | undefined },
  ): Promise<LiveTopic> => {
    const scopes = organization === undefined ? authorizeAll(identity) : [authorizeOrganization(identity, organization)]
    const organizationIds = scopes.map(({ organizationId }) => organizationId)
    const [scope] = scopes
    if (project === undefined || scope === undefined) return { organizationIds, projectId: null }
    return { organizationIds, projectId: (await projects.byName(scope, project)).projectId }
  }

  app.get(routes.live, async (request, reply) => {
    const query = parseInput(liveQuerySchema, request.query, 'live request')
    const topic = await topicOf(requireIdentity(request), query)
    const raw = takeOver(reply)
    // Whoever left meanwhile closes nothing any more.
    if (raw.destroyed) return
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    })
    raw.write('retry: 1000\n: connected\n\n')
    // A browser that does not read keeps an ended response open, to which nothing may be written any more.
    const write = (text: string): void => {
      if (raw.writableLength > maxBufferedBytes) raw.destroy()
      else if (!raw.writableEnded) raw.write(text)
    }
    const stop = live.subscribe(topic, {
      moved: (notice) => write(`event: moved\ndata: ${JSON.stringify(notice)}\n\n`),
      end: () => end(),
    })
    const beat = async (): Promise<void> => {
      const identity = await authenticate(request, identities)
      if (identity === null || identity instanceof KirokuError) end()
      else write(': alive\n\n')
    }
    const heartbeat = setInterval(() => beat().catch(() => end()), heartbeatMs)
    let leaving: NodeJS.Timeout | undefined
    const end = (): void => {
      clearInterval(heartbeat)
      stop()
      raw.end()
      leaving ??= setTimeout(() => raw.destroy(), leaveMs).unref()
    }
    raw.on('close', () => {
      clearInterval(heartbeat)
      clearTimeout(leaving)
      stop()
    })
  })
}
