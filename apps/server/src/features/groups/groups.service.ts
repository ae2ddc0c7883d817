import { resolveXAxis } from '@kiroku/core/axes'
import type { GroupsAnswer, groupsRequestSchema } from '@kiroku/core/groups'
import type { GroupedRun, MetricStore } from '@kiroku/metric-store'
import type * as z from 'zod'
import type { ProjectScope } from '../../http/scopes.ts'
import type { MetricsRepository } from '../metrics/index.ts'

/** Aggregates what groups of runs logged. */
export type GroupsService = {
  /** The figures of a chart of groups. Throws NOT_FOUND that names a run which is not in the project. */
  groups(scope: ProjectScope, request: z.output<typeof groupsRequestSchema>, signal: AbortSignal): Promise<GroupsAnswer>
}

/** Names runs by the ids that points are stored under, and binds the metric to the x axis that each run has for it. */
export function createGroupsService(store: MetricStore, metrics: MetricsRepository): GroupsService {
  return {
    async groups(scope, { groups, metric, stream, x, range, buckets }, signal) {
      const slugs = [...new Set(groups.flatMap(({ runs }) => runs))]
      const found = await metrics.references(scope, slugs)
      const memberOf = (slug: string): GroupedRun[] => {
        const run = found.get(slug)
        if (!run) return []
        const definitions = stream === 'history' ? run.definitions : []
        return [{ run: run.runId, x: resolveXAxis(x, definitions, metric), segments: run.segments }]
      }
      const members = groups.map(({ runs }) => ({ runs: [...new Set(runs)].flatMap(memberOf) }))
      return store.groups({ project: scope.projectId, stream, metric, groups: members, range, buckets }, { signal })
    },
  }
}
