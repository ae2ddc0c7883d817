import {
  type OrganizationUsage,
  type projectUsageInputSchema,
  type RunUsagePage,
  type Usage,
  usageOf,
} from '@kiroku/core/usage'
import type { MetricStore, StoredContents } from '@kiroku/metric-store'
import type * as z from 'zod'
import type { OrganizationScope, ProjectScope } from '../../http/scopes.ts'
import { createKeptFigures } from './kept-figures.ts'
import type { Totals, UsageRepository } from './usage.repository.ts'

/** Says what takes how much room. Figures are up to a minute old; which projects and runs there are is told as it is now. */
export type UsageService = {
  byOrganization(scope: OrganizationScope): Promise<OrganizationUsage>
  byProject(scope: ProjectScope, input: Pick<z.output<typeof projectUsageInputSchema>, Paging>): Promise<RunUsagePage>
}
type Paging = 'order' | 'offset' | 'limit'

const nothing: Usage = {
  pointCount: 0,
  textCount: 0,
  lineCount: 0,
  fileCount: 0,
  pointBytes: 0,
  textBytes: 0,
  lineBytes: 0,
  fileBytes: 0,
}

/**
 * Counts of points and files are PostgreSQL's, those of texts and lines ClickHouse's. What is deleted can be restored for
 * `restorableMs`.
 */
export function createUsageService(
  repository: UsageRepository,
  store: Pick<MetricStore, 'contents' | 'bytesPerPoint'>,
  restorableMs: number,
): UsageService {
  const kept = createKeptFigures<Map<string, Usage>>()
  const restorableUntil = (deletedAt: Date | null): number | null => deletedAt && deletedAt.getTime() + restorableMs

  return {
    async byOrganization(scope) {
      const projects = await repository.projects(scope)
      const { figures, countedAt } = await kept.get(`organization ${scope.organizationId}`, async () => {
        const [totals, contents, bytesPerPoint] = await Promise.all([
          repository.totalsByProject(scope),
          store.contents(
            projects.map(({ id }) => id),
            'project',
          ),
          store.bytesPerPoint(),
        ])
        return join(totals, contents, bytesPerPoint)
      })
      const used = projects.map(({ id, name, runCount, deletedAt }) => ({
        ...(figures.get(id) ?? nothing),
        id,
        name,
        runCount,
        restorableUntil: restorableUntil(deletedAt),
      }))
      return {
        projects: used.sort((one, other) => usageOf(other, 'bytes') - usageOf(one, 'bytes')),
        total: sumOf(used),
        storedFileBytes: await repository.storedFileBytes(scope),
        countedAt,
      }
    },

    async byProject(scope, { order, offset, limit }) {
      const runs = await repository.runs(scope)
      const { figures, countedAt } = await kept.get(`project ${scope.projectId}`, async () => {
        const [totals, contents, bytesPerPoint] = await Promise.all([
          repository.totalsByRun(scope),
          store.contents([scope.projectId], 'run'),
          store.bytesPerPoint(),
        ])
        return join(totals, contents, bytesPerPoint)
      })
      const sorted = runs
        .map(({ id, ...run }) => {
          const usage = figures.get(id) ?? nothing
          return { run, usage, rank: usageOf(usage, order) }
        })
        .sort((one, other) => other.rank - one.rank || other.run.createdAt.getTime() - one.run.createdAt.getTime())
      return {
        runs: sorted.slice(offset, offset + limit).map(({ run: { createdAt, deletedAt, ...run }, usage }) => ({
          ...usage,
          ...run,
          createdAt: createdAt.getTime(),
          restorableUntil: restorableUntil(deletedAt),
        })),
        runCount: sorted.length,
        total: sumOf(sorted.map(({ usage }) => usage)),
        countedAt,
      }
    },
  }
}

function join(
  totals: readonly Totals[],
  contents: readonly StoredContents[],
  bytesPerPoint: number,
): Map<string, Usage> {
  const joined = new Map<string, Usage>()
  for (const { id, pointCount, fileCount, fileBytes } of totals)
    joined.set(id, { ...nothing, pointCount, fileCount, fileBytes, pointBytes: pointCount * bytesPerPoint })
  for (const { project, run, ...content } of contents) {
    const id = run ?? project
    joined.set(id, { ...(joined.get(id) ?? nothing), ...content })
  }
  return joined
}

function sumOf(all: readonly Usage[]): Usage {
  const sum = { ...nothing }
  for (const usage of all) {
    sum.pointCount += usage.pointCount
    sum.textCount += usage.textCount
    sum.lineCount += usage.lineCount
    sum.fileCount += usage.fileCount
    sum.pointBytes += usage.pointBytes
    sum.textBytes += usage.textBytes
    sum.lineBytes += usage.lineBytes
    sum.fileBytes += usage.fileBytes
  }
  return sum
}
