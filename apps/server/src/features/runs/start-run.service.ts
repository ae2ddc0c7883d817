import { KirokuError } from '@kiroku/core/errors'
import type { CreateRunResult } from '@kiroku/core/runs'
import type { OrganizationScope, ProjectScope } from '../../http/scopes.ts'
import type { HistoryService } from '../history/index.ts'
import type { ProjectsRepository } from '../projects/index.ts'
import type { OpenInput } from './open-run.repository.ts'
import type { PendingChanges } from './pending-change.repository.ts'
import type { RunsRepository } from './runs.repository.ts'

/** Takes in the scripts that begin to write. */
export type StartRunService = {
  /**
   * Makes a run, or lets it go on, be rewound or forked, and takes its writer in. Throws BAD_REQUEST when more than one of
   * `resume`, `rewind` and `fork` is asked for, NOT_FOUND and CONFLICT as `RunsRepository.open` does. A project is made
   * only for a run that may be new.
   */
  start(scope: OrganizationScope, input: OpenInput): Promise<CreateRunResult>
}

export type StartRunOptions = {
  projects: Pick<ProjectsRepository, 'byName' | 'ensure'>
  runs: Pick<RunsRepository, 'open' | 'refuseDeleted'>
  history: Pick<HistoryService, 'quiet'>
  changes: PendingChanges
}

/** Looks up projects, opens runs, and brings rewinds and forks to their end before a writer is answered. */
export function createStartRunService({ projects, runs, history, changes }: StartRunOptions): StartRunService {
  return {
    async start(organization, input) {
      checkExclusive(input)
      await runs.refuseDeleted(organization, input)
      const scope = await findProject(projects, organization, input)
      for (;;) {
        const opened = await runs.open(scope, input)
        if ('result' in opened) return opened.result
        // What older writers have under way would otherwise be stored after it was cut off.
        await history.quiet(opened.runId)
        await changes.complete(scope, opened.runId, opened.pending)
      }
    },
  }
}

function checkExclusive({ resume, rewind, fork }: OpenInput): void {
  const asked = Object.entries({ resume, rewind, fork }).flatMap(([name, value]) => (value === undefined ? [] : [name]))
  if (asked.length <= 1) return
  const message = `of resume, rewind and fork one may be given, not ${asked.join(' and ')}`
  throw new KirokuError({ code: 'BAD_REQUEST', message })
}

async function findProject(
  projects: StartRunOptions['projects'],
  organization: OrganizationScope,
  { project, run, resume, rewind, fork }: OpenInput,
): Promise<ProjectScope> {
  const sought = fork?.run ?? (rewind || resume === 'must' ? run : undefined)
  if (sought === undefined) return projects.ensure(organization, project)
  try {
    return await projects.byName(organization, project)
  } catch (cause) {
    if (!(cause instanceof KirokuError) || cause.code !== 'NOT_FOUND') throw cause
    const message = `there is no project ${project}, and so no run ${sought} in it; check the project's name`
    throw new KirokuError({ code: 'NOT_FOUND', message, cause })
  }
}
