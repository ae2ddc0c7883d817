import type { ProjectScope } from '../../../http/scopes.ts'
import type { RunsRepository } from '../../runs/index.ts'
import { createRunLookup, type RunLookup } from './run-lookup.ts'
import { createUpsertRun, type UpsertRun, type UpsertRunOptions } from './upsert-run.ts'

/** Runs as `wandb` clients find, make and change them, over the services that Kiroku's own SDK uses. */
export type WandbRunsService = RunLookup &
  UpsertRun & {
    /** Notes that the process which asks is about to go on with the run. */
    willResume(scope: ProjectScope, slug: string): Promise<void>
    /** Asks the run's script to end; it hears of it by its next `file_stream` answer. */
    askToStop(scope: ProjectScope, slug: string): Promise<void>
    /** Deletes a run; it can be restored for a while. Throws NOT_FOUND. */
    delete(scope: ProjectScope, slug: string): Promise<void>
  }

export type WandbRunsOptions = Omit<UpsertRunOptions, 'lookup'> & {
  runs: Pick<RunsRepository, 'byId' | 'update' | 'delete'>
}

export function createWandbRunsService(options: WandbRunsOptions): WandbRunsService {
  const lookup = createRunLookup(options)
  return {
    ...lookup,
    ...createUpsertRun({ ...options, lookup }),
    willResume: (scope, slug) => options.repository.save(scope, slug, { isResuming: true }),
    delete: (scope, slug) => options.runs.delete(scope, slug),
    askToStop: (scope, slug) => options.repository.askToStop(scope, slug),
  }
}
