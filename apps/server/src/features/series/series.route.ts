import { parseInput } from '@kiroku/core/errors'
import { encodePoints, pointsRequestSchema } from '@kiroku/core/points'
import { routes } from '@kiroku/core/routes'
import { encodeSeriesAnswer, seriesRequestSchema } from '@kiroku/core/series'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { requireIdentity } from '../../http/authentication.ts'
import { goneSignal } from '../../http/gone-signal.ts'
import { authorizeOrganization, type ProjectScope } from '../../http/scopes.ts'
import { sendFrame } from '../../http/send-frame.ts'
import type { ProjectsRepository } from '../projects/index.ts'
import type { SeriesService } from './series.service.ts'

const maxRequestBytes = 4 * 1024 * 1024

/** POST a chart's request for its series; GET the points of one metric. Both answer a frame. */
export function registerSeriesRoutes(app: FastifyInstance, series: SeriesService, projects: ProjectsRepository): void {
  const scopeOf = (request: FastifyRequest, path: { organization: string; project: string }): Promise<ProjectScope> =>
    projects.byName(authorizeOrganization(requireIdentity(request), path.organization), path.project)

  app.post(routes.series, { bodyLimit: maxRequestBytes }, async (request, reply) => {
    requireIdentity(request)
    const asked = parseInput(seriesRequestSchema, request.body, 'series request')
    const answer = await series.series(await scopeOf(request, asked), asked, goneSignal(reply))
    return sendFrame(request, reply, encodeSeriesAnswer(answer))
  })

  app.get(routes.points, async (request, reply) => {
    requireIdentity(request)
    const asked = parseInput(pointsRequestSchema, request.query, 'points request')
    return sendFrame(request, reply, [encodePoints(await series.points(await scopeOf(request, asked), asked))])
  })
}
