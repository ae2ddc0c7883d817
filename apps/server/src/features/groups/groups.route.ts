import { parseInput } from '@kiroku/core/errors'
import { encodeGroupsAnswer, groupsRequestSchema } from '@kiroku/core/groups'
import { routes } from '@kiroku/core/routes'
import type { FastifyInstance } from 'fastify'
import { requireIdentity } from '../../http/authentication.ts'
import { goneSignal } from '../../http/gone-signal.ts'
import { authorizeOrganization } from '../../http/scopes.ts'
import { sendFrame } from '../../http/send-frame.ts'
import type { ProjectsRepository } from '../projects/index.ts'
import type { GroupsService } from './groups.service.ts'

const maxRequestBytes = 4 * 1024 * 1024

/** POST a chart's request for groups of runs; answers a frame. */
export function registerGroupsRoute(app: FastifyInstance, groups: GroupsService, projects: ProjectsRepository): void {
  app.post(routes.groups, { bodyLimit: maxRequestBytes }, async (request, reply) => {
    const identity = requireIdentity(request)
    const asked = parseInput(groupsRequestSchema, request.body, 'groups request')
    const scope = await projects.byName(authorizeOrganization(identity, asked.organization), asked.project)
    return sendFrame(request, reply, [encodeGroupsAnswer(await groups.groups(scope, asked, goneSignal(reply)))])
  })
}
