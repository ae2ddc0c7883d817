import { parseInput } from '@kiroku/core/errors'
import { runListInputSchema } from '@kiroku/core/queries'
import type { MetricStore, TextCount } from '@kiroku/metric-store'
import { readRunFilter } from '@kiroku/wandb-format/run-filter'
import { readRunOrder } from '@kiroku/wandb-format/run-order'
import type { ProjectScope } from '../../../http/scopes.ts'
import type { MetricsRepository, NamedTotals } from '../../metrics/index.ts'
import type { RunsRepository } from '../../runs/index.ts'
import type { WandbRun } from './wandb-run.ts'
import type { WandbRunsRepository } from './wandb-runs.repository.ts'

/** A query for runs as clients say it: `filters` in JSON, `order` as `-summary_metrics.loss`. */
export type RunQuery = { filters?: string | null | undefined; order?: string | null | undefined }

/** What a run logged: its metrics' totals, and how many values that are no numbers it has of which metric. */
export type RunKeys = { metrics: readonly NamedTotals[]; texts: readonly TextCount[] }

/** Finds runs of a project as the client's public API asks for them. */
export type RunQueries = {
  /**
   * A page of at most `first` runs. Throws BAD_REQUEST for a filter or an order that there is not, a malformed cursor, and pages
   * of more than a list may have.
   */
  page(
    scope: ProjectScope,
    query: RunQuery & { first: number; after?: string | null | undefined },
  ): Promise<{ runs: WandbRun[]; nextCursor: string | null }>
  /** How many runs match. Throws BAD_REQUEST as `page` does. */
  count(scope: ProjectScope, query: Pick<RunQuery, 'filters'>): Promise<number>
  /** What each of these runs logged, by their ids. */
  keys(scope: ProjectScope, runIds: readonly string[]): Promise<Map<string, RunKeys>>
}

export type RunQueriesOptions = {
  runs: Pick<RunsRepository, 'list'>
  repository: Pick<WandbRunsRepository, 'factsOf'>
  metrics: Pick<MetricsRepository, 'totals'>
  store: Pick<MetricStore, 'textCounts'>
}

export function createRunQueries({ runs, repository, metrics, store }: RunQueriesOptions): RunQueries {
  return {
    async page(scope, { filters, order, first, after }) {
      const asked = {
        filter: readRunFilter(filters),
        order: readRunOrder(order),
        limit: first,
        cursor: after || undefined,
      }
      const { organization, project } = scope
      const input = parseInput(runListInputSchema, { organization, project, ...asked }, 'runs')
      const page = await runs.list(scope, input)
      const facts = await repository.factsOf(
        scope,
        page.runs.map(({ slug }) => slug),
      )
      // A run that was deleted meanwhile is gone from both.
      const found = page.runs.flatMap((run) => {
        const known = facts.get(run.slug)
        return known ? [{ ...run, ...known }] : []
      })
      return { runs: found, nextCursor: page.nextCursor }
    },

    async count(scope, { filters }) {
      const { organization, project } = scope
      const asked = { organization, project, filter: readRunFilter(filters), limit: 1, columns: [] }
      return (await runs.list(scope, parseInput(runListInputSchema, asked, 'runs'))).total
    },

    async keys(scope, runIds) {
      const [totals, texts] = await Promise.all([
        metrics.totals(scope, runIds),
        store.textCounts({ project: scope.projectId, runs: runIds }),
      ])
      return new Map(
        [...totals].map(([id, named]) => [id, { metrics: named, texts: texts.filter(({ run }) => run === id) }]),
      )
    },
  }
}
