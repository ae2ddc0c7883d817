import { resolveXAxis } from '@kiroku/core/axes'
import type { CustomChart } from '@kiroku/core/custom-chart'
import { KirokuError } from '@kiroku/core/errors'
import type { Points, pointsRequestSchema } from '@kiroku/core/points'
import { maxTextSteps, type RunText, type TextMetric, type textListInputSchema } from '@kiroku/core/queries'
import type { PackedSeries, PartialAnswer, Series, SeriesAnswer, seriesRequestSchema } from '@kiroku/core/series'
import type { MetricStore } from '@kiroku/metric-store'
import type * as z from 'zod'
import type { ProjectScope } from '../../http/scopes.ts'
import type { MetricsRepository, RunReference } from '../metrics/index.ts'

/** Reads what runs logged. */
export type SeriesService = {
  /** The series of a chart. Throws NOT_FOUND that names a run which is not in the project. */
  series(
    scope: ProjectScope,
    request: z.output<typeof seriesRequestSchema>,
    signal: AbortSignal,
  ): Promise<SeriesAnswer<Series | PackedSeries>>
  /** Every point of one metric, or a page of them. Throws NOT_FOUND for an unknown run. */
  points(scope: ProjectScope, request: z.output<typeof pointsRequestSchema>): Promise<Points>
  /** Values that are not numbers. Throws NOT_FOUND for an unknown run. */
  texts(scope: ProjectScope, request: z.output<typeof textListInputSchema>): Promise<RunText[]>
  /** The metrics of a run that have such values. Throws NOT_FOUND for an unknown run. */
  textMetrics(scope: ProjectScope, run: string): Promise<TextMetric[]>
  /** At which steps a run has such values of a metric, ascending. Throws NOT_FOUND for an unknown run. */
  textSteps(scope: ProjectScope, request: { run: string; metric: string }): Promise<number[]>
}

/** How logged tables are to be drawn, where whoever logged them said so. */
export type TableCharts = {
  /** A run's charts by the metric that has the table of each. */
  byRun(scope: ProjectScope, slug: string): Promise<Map<string, CustomChart>>
}

/** Names runs by the ids that points are stored under, and binds metrics to their x axes. */
export function createSeriesService(
  store: MetricStore,
  metrics: MetricsRepository,
  charts: TableCharts,
): SeriesService {
  const find = async (scope: ProjectScope, slug: string): Promise<RunReference> => {
    const run = (await metrics.references(scope, [slug])).get(slug)
    if (!run) throw new KirokuError({ code: 'NOT_FOUND', message: `there is no run ${slug}` })
    return run
  }

  return {
    async series(scope, request, signal) {
      const slugs = [...new Set(request.series.map(({ run }) => run))]
      const runs = await metrics.references(scope, slugs, {
        segments: request.x.kind === 'relative',
        definitions: request.x.kind === 'bound',
      })
      const asked = request.series.flatMap(({ run: slug, metric, stream }) => {
        const run = runs.get(slug)
        if (!run) return []
        const definitions = stream === 'history' ? run.definitions : []
        return [
          { run: run.runId, metric, stream, x: resolveXAxis(request.x, definitions, metric), segments: run.segments },
        ]
      })
      const { range, series, missingShards } = await store.series(
        { project: scope.projectId, width: request.width, range: request.range, series: asked, times: request.times },
        { signal },
      )
      return {
        range,
        ...(missingShards && { partial: partialAnswer(missingShards) }),
        series: series.map((found, index) => ({ ...found, run: request.series[index]?.run ?? found.run })),
      }
    },

    async points(scope, { run, ...asked }) {
      const { runId } = await find(scope, run)
      const { metric, stream, after, limit } = asked
      const chunks: Points[] = []
      for await (const chunk of store.points({ project: scope.projectId, run: runId, metric, stream, after, limit }))
        chunks.push(chunk)
      return {
        steps: concatenate(chunks.map(({ steps }) => steps)),
        times: concatenate(chunks.map(({ times }) => times)),
        values: concatenate(chunks.map(({ values }) => values)),
      }
    },

    async texts(scope, { run, metric, from, to, limit, order }) {
      const { runId } = await find(scope, run)
      const texts = await store.texts({ project: scope.projectId, run: runId, metric, from, to, limit, order })
      return texts.map(({ metric: name, step, time, value }) => ({ metric: name, step, time, value }))
    },

    async textMetrics(scope, run) {
      const { runId } = await find(scope, run)
      const found = await store.textMetrics({ project: scope.projectId, run: runId })
      if (!found.some(({ kind }) => kind === 'table')) return found
      const known = await charts.byRun(scope, run)
      return found.map((metric) => {
        const chart = metric.kind === 'table' ? known.get(metric.metric) : undefined
        return chart === undefined ? metric : { ...metric, chart }
      })
    },

    async textSteps(scope, { run, metric }) {
      const { runId } = await find(scope, run)
      return store.textSteps({ project: scope.projectId, run: runId, metric, limit: maxTextSteps })
    },
  }
}

function partialAnswer(missingShards: readonly number[]): PartialAnswer {
  const isOne = missingShards.length === 1
  const which = `${isOne ? 'shard' : 'shards'} ${missingShards.join(', ')} of the metric store ${isOne ? 'does' : 'do'} not answer`
  const message = `Runs are missing here: ${which}. What they logged is kept, and comes back when ${isOne ? 'it does' : 'they do'}.`
  return { missingShards: [...missingShards], message }
}

function concatenate(parts: readonly Float64Array<ArrayBuffer>[]): Float64Array<ArrayBuffer> {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
