import type { MeasuresAnswer, measuresInputSchema } from '@kiroku/core/measures'
import type { MetricStore } from '@kiroku/metric-store'
import type * as z from 'zod'
import type { ProjectScope } from '../../http/scopes.ts'
import type { MetricsRepository } from '../metrics/index.ts'

/** Measures runs by what they logged. */
export type MeasuresService = {
  /** For each run each measure. Throws NOT_FOUND that names a run which is not in the project. */
  byRuns(scope: ProjectScope, input: z.output<typeof measuresInputSchema>): Promise<MeasuresAnswer>
}

/** Names runs by the ids that points are stored under. */
export function createMeasuresService(store: MetricStore, metrics: MetricsRepository): MeasuresService {
  return {
    async byRuns(scope, { runs, measures }) {
      const found = await metrics.references(scope, [...new Set(runs)])
      const ids = runs.flatMap((slug) => found.get(slug)?.runId ?? [])
      return store.measures({ project: scope.projectId, runs: ids, measures })
    },
  }
}
