import { KirokuError } from '@kiroku/core/errors'
import type { Project } from '@kiroku/core/projects'
import { isLiveState } from '@kiroku/core/runs'
import * as z from 'zod'
import type { Database } from '../../database/database.ts'
import { type OrganizationScope, type ProjectScope, projectScopeOf } from '../../http/scopes.ts'

/** Projects of one organization. */
export type ProjectsRepository = {
  /** Throws NOT_FOUND when the organization has no project of that name, or only deleted ones. */
  byName(scope: OrganizationScope, name: string): Promise<ProjectScope>
  /** The project of that name, made when there is none. */
  ensure(scope: OrganizationScope, name: string): Promise<ProjectScope>
  /** Latest activity first. */
  list(scopes: readonly OrganizationScope[]): Promise<Project[]>
  summary(scope: ProjectScope): Promise<Project>
}

const foundRowsSchema = z.array(z.object({ id: z.string(), name: z.string() })).max(1)
type FoundProject = z.infer<typeof foundRowsSchema>[number]

/** Reads and makes projects in PostgreSQL. */
export function createProjectsRepository({ prisma, session }: Database): ProjectsRepository {
  const describe = async (projects: readonly ProjectRow[]): Promise<Project[]> => {
    const groups = await prisma.run.groupBy({
      by: ['projectId', 'state'],
      where: { projectId: { in: projects.map(({ id }) => id) }, deletedAt: null },
      _count: { _all: true },
      _max: { heartbeatAt: true },
    })
    return projects.map((project) => {
      const own = groups.filter(({ projectId }) => projectId === project.id)
      const activity = own.map((group) => group._max.heartbeatAt?.getTime() ?? 0)
      return {
        organization: project.organization.slug,
        name: project.name,
        createdAt: project.createdAt.getTime(),
        lastActivityAt: Math.max(project.createdAt.getTime(), ...activity),
        runCount: own.reduce((sum, group) => sum + group._count._all, 0),
        runningCount: own.reduce((sum, { state, _count }) => sum + (isLiveState(state) ? _count._all : 0), 0),
        retentionDays: project.retentionDays,
      }
    })
  }

  // In SQL, since every chart and batch begins with it: Prisma takes several times as long to ask and to answer.
  const find = ({ organizationId }: OrganizationScope, name: string): Promise<FoundProject | undefined> =>
    session(async (connection) => {
      const { rows } = await connection.query(
        'SELECT id, name FROM project WHERE organization_id = $1 AND name = $2 AND deleted_at IS NULL',
        [organizationId, name],
      )
      return foundRowsSchema.parse(rows)[0]
    })
  const byName = async (scope: OrganizationScope, name: string): Promise<ProjectScope> => {
    const project = await find(scope, name)
    if (!project) throw new KirokuError({ code: 'NOT_FOUND', message: `there is no project ${name}` })
    return projectScopeOf(scope, project)
  }

  return {
    byName,

    async ensure(scope, name) {
      const known = await find(scope, name)
      if (known) return projectScopeOf(scope, known)
      const { organizationId } = scope
      await prisma.project.createMany({ data: [{ organizationId, name }], skipDuplicates: true })
      return byName(scope, name)
    },

    async list(scopes) {
      const projects = await prisma.project.findMany({
        where: { organizationId: { in: scopes.map(({ organizationId }) => organizationId) }, deletedAt: null },
        include: { organization: true },
      })
      return (await describe(projects)).sort((left, right) => right.lastActivityAt - left.lastActivityAt)
    },

    async summary(scope) {
      const project = await prisma.project.findUniqueOrThrow({
        where: { id: scope.projectId, organizationId: scope.organizationId },
        include: { organization: true },
      })
      const [described] = await describe([project])
      if (!described) throw new KirokuError({ code: 'NOT_FOUND', message: `there is no project ${scope.project}` })
      return described
    },
  }
}

type ProjectRow = {
  id: string
  name: string
  createdAt: Date
  retentionDays: number | null
  organization: { slug: string }
}
