import { KirokuError, parseInput } from '@kiroku/core/errors'
import { projectNameSchema } from '@kiroku/core/ids'
import type { OrganizationScope, ProjectScope } from '../../../http/scopes.ts'
import type { ProjectsRepository } from '../../projects/index.ts'
import type { RunsRepository } from '../../runs/index.ts'
import { type Position, startingPosition } from '../position.ts'
import type { WandbRun } from './wandb-run.ts'
import type { WandbRunsRepository } from './wandb-runs.repository.ts'

/**
 * How many lines of each of its files a run has, over all processes that wrote to it. A history that came by none, as of Kiroku's
 * SDK, counts as one: a client goes on at the step after a run's last one where there is a line, and else at the last one.
 */
export type LineCounts = { history: number; events: number; console: number }

/** Finds what operations name. */
export type RunLookup = {
  /** Null when the organization has no such project. */
  project(organization: OrganizationScope, name: string): Promise<ProjectScope | null>
  /** Throws NOT_FOUND. */
  requireProject(organization: OrganizationScope, name: string): Promise<ProjectScope>
  /** The project of that name, made when there is none. */
  ensureProject(organization: OrganizationScope, name: string): Promise<ProjectScope>
  /** Null when there is no such run. */
  find(scope: ProjectScope, slug: string): Promise<WandbRun | null>
  /** Throws NOT_FOUND. */
  existing(scope: ProjectScope, slug: string): Promise<WandbRun>
  /** Null when the organization has no run of this id. */
  byId(organization: OrganizationScope, id: string): Promise<{ scope: ProjectScope; run: WandbRun } | null>
  lineCounts(scope: ProjectScope, run: LastStep): Promise<LineCounts>
  /** Where a process begins that goes on with a run: after all lines, with the media that the last one waited for to the end. */
  positionAfter(scope: ProjectScope, run: LastStep): Promise<Position>
}

/** What of a run tells where it goes on. */
type LastStep = Pick<WandbRun, 'slug' | 'lastStep'>

export type RunLookupOptions = {
  projects: Pick<ProjectsRepository, 'byName' | 'ensure'>
  runs: Pick<RunsRepository, 'byId'>
  repository: WandbRunsRepository
}

export function createRunLookup({ projects, runs, repository }: RunLookupOptions): RunLookup {
  const find = async (scope: ProjectScope, slug: string): Promise<WandbRun | null> => {
    const known = await repository.facts(scope, slug)
    return known && orNull(runs.byId(scope, slug).then((run) => ({ ...run, ...known })))
  }
  const existing = async (scope: ProjectScope, slug: string): Promise<WandbRun> => {
    const run = await find(scope, slug)
    if (run) return run
    throw new KirokuError({ code: 'NOT_FOUND', message: `there is no run ${slug} in the project ${scope.project}` })
  }
  return {
    project: (organization, name) => orNull(projects.byName(organization, name)),
    requireProject: (organization, name) => projects.byName(organization, name),
    ensureProject: (organization, name) =>
      projects.ensure(organization, parseInput(projectNameSchema, name, 'project')),
    find,
    existing,

    async byId(organization, id) {
      const place = await repository.byId(organization, id)
      if (!place) return null
      const scope = await projects.byName(organization, place.project)
      return { scope, run: await existing(scope, place.run) }
    },

    async positionAfter(scope, run) {
      const positions = await repository.positions(scope, run.slug)
      return startingPosition(linesOf(run, positions), positions.at(-1)?.media)
    },

    lineCounts: async (scope, run) => linesOf(run, await repository.positions(scope, run.slug)),
  }
}

function linesOf({ lastStep }: LastStep, positions: readonly Position[]): LineCounts {
  const most = (count: (position: Position) => number): number => Math.max(0, ...positions.map(count))
  return {
    history: most(({ history }) => history.lines) || (lastStep === null ? 0 : 1),
    events: most(({ events }) => events.lines),
    console: most((position) => position.console.lines),
  }
}

async function orNull<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found
  } catch (error) {
    if (error instanceof KirokuError && error.code === 'NOT_FOUND') return null
    throw error
  }
}
