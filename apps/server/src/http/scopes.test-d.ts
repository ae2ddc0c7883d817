import type { ProjectsRepository } from '../features/projects/index.ts'
import type { RunsRepository } from '../features/runs/index.ts'
import type { OrganizationScope, ProjectScope } from './scopes.ts'

declare const projects: ProjectsRepository
declare const runs: RunsRepository
declare const organizationScope: OrganizationScope
declare const projectScope: ProjectScope

void projects.byName(organizationScope, 'demo')
void runs.byId(projectScope, 'run')

// @ts-expect-error a query names its organization
void projects.byName('demo')

// @ts-expect-error what looks like a scope is none
void projects.byName({ organizationId: 'id', organization: 'local', userId: 'id' }, 'demo')

// @ts-expect-error an organization is not a project
void runs.byId(organizationScope, 'run')

// @ts-expect-error what looks like a scope is none
void runs.byId({ organizationId: 'id', organization: 'local', projectId: 'id', project: 'demo' }, 'run')
