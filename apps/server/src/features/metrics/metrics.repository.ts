import { resolveXAxis } from '@kiroku/core/axes'
import { KirokuError } from '@kiroku/core/errors'
import { type Stream, streamSchema } from '@kiroku/core/history'
import { type MetricDefinition, metricDefinitionSchema, resolveDefinition } from '@kiroku/core/metrics'
import type { MetricInfo, RunMetrics } from '@kiroku/core/queries'
import { runSegmentSchema } from '@kiroku/core/runs'
import type { MetricTotals } from '@kiroku/core/summary'
import { toWireNumber } from '@kiroku/core/values'
import type { Segment } from '@kiroku/metric-store'
import * as z from 'zod'
import type { Database } from '../../database/database.ts'
import type { ProjectScope } from '../../http/scopes.ts'
import { definitionsSql, loadDefinitions, loadTotals } from '../history/index.ts'

/** A run as series need it: where its points are, what stretches of time it ran in, and what binds its metrics. */
export type RunReference = {
  runId: string
  slug: string
  segments: readonly Segment[]
  definitions: readonly MetricDefinition[]
}

/** What is wanted of runs beside their ids: for hundreds of them that is most of the time. */
export type NeededOfRuns = { segments: boolean; definitions: boolean }

/** Metrics of the runs of one project. */
export type MetricsRepository = {
  /** The metrics of these runs, or of all runs; the newest run that has one decides how it is shown. */
  list(scope: ProjectScope, runs: readonly string[] | undefined): Promise<MetricInfo[]>
  /** Throws NOT_FOUND. */
  byRun(scope: ProjectScope, slug: string): Promise<RunMetrics>
  /**
   * The runs by their slugs, without what is not `needed`: that is left empty. Throws NOT_FOUND that names the first one that is not in
   * the project.
   */
  references(scope: ProjectScope, slugs: readonly string[], needed?: NeededOfRuns): Promise<Map<string, RunReference>>
  /** What all metrics of these runs of the project amount to, by the runs' ids. */
  totals(scope: ProjectScope, runIds: readonly string[]): Promise<Map<string, readonly NamedTotals[]>>
}

/** What one metric of a run amounts to. */
export type NamedTotals = { stream: Stream; name: string; totals: MetricTotals }

const listedRowsSchema = z.array(
  z.object({ stream: streamSchema, name: z.string(), runCount: z.coerce.number(), newestRunId: z.string() }),
)
const idRowsSchema = z.array(z.object({ id: z.string() }))
const referenceRowsSchema = z.array(
  z.object({
    runId: z.string(),
    slug: z.string(),
    startedAt: z.date().optional(),
    segments: z.array(runSegmentSchema).default([]),
    definitions: z.array(metricDefinitionSchema).default([]),
  }),
)

const segmentsSql = `earlier_segments || coalesce((
  SELECT jsonb_agg(jsonb_build_object('startedAt', extract(epoch FROM w.started_at)::float8 * 1000,
                   'runtimeBeforeMs', w.runtime_before_ms) ORDER BY w.started_at, w.created_at)
  FROM writer w WHERE w.run_id = run.id), '[]')`

/** Reads metrics from PostgreSQL. */
export function createMetricsRepository(database: Database): MetricsRepository {
  // One statement, since a chart of many runs begins with it.
  const references = async (
    scope: ProjectScope,
    slugs: readonly string[],
    needed: NeededOfRuns = { segments: true, definitions: true },
  ): Promise<Map<string, RunReference>> => {
    const columns = [
      'id AS "runId", slug',
      ...(needed.segments ? [`started_at AS "startedAt", ${segmentsSql} AS segments`] : []),
      ...(needed.definitions ? [`${definitionsSql('run.id')} AS definitions`] : []),
    ].join(', ')
    const { rows } = await database.session((connection) =>
      connection.query(`SELECT ${columns} FROM run WHERE project_id = $1 AND slug = ANY($2) AND deleted_at IS NULL`, [
        scope.projectId,
        slugs,
      ]),
    )
    const bySlug = new Map(
      referenceRowsSchema.parse(rows).map(({ startedAt, segments, ...run }) => [
        run.slug,
        {
          ...run,
          segments:
            segments.length > 0 || startedAt === undefined
              ? segments
              : [{ startedAt: startedAt.getTime(), runtimeBeforeMs: 0 }],
        },
      ]),
    )
    const missing = slugs.find((slug) => !bySlug.has(slug))
    if (missing !== undefined) throw new KirokuError({ code: 'NOT_FOUND', message: `there is no run ${missing}` })
    return bySlug
  }

  return {
    references,

    list: (scope, slugs) =>
      database.transaction(async (connection) => {
        const { rows } = await connection.query(
          // Runs are numbered first, so that the newest one is a maximum and no metric's runs have to be sorted.
          `WITH listed AS MATERIALIZED (
             SELECT id, row_number() OVER (ORDER BY created_at, id) AS place FROM run
             WHERE project_id = $1 AND deleted_at IS NULL AND ($2::text[] IS NULL OR slug = ANY($2)))
           SELECT found.stream, found.name, found.count AS "runCount", listed.id AS "newestRunId"
           FROM (SELECT m.stream, m.name, count(*), max(r.place) AS place
                 FROM listed r JOIN run_metric m ON m.run_id = r.id GROUP BY m.stream, m.name) AS found
           JOIN listed USING (place) ORDER BY found.stream, found.name`,
          [scope.projectId, slugs ?? null],
        )
        const listed = listedRowsSchema.parse(rows)
        const deciding = [...new Set(listed.map(({ newestRunId }) => newestRunId))]
        const definitions = groupByRun(await loadDefinitions(connection, deciding))
        const described = listed.map(({ stream, name, runCount, newestRunId }) => {
          const own = stream === 'history' ? (definitions.get(newestRunId) ?? []) : []
          const definition = resolveDefinition(own, name)
          return {
            name,
            stream,
            runCount,
            x: resolveXAxis({ kind: 'bound' }, own, name),
            unit: definition?.unit ?? null,
            goal: definition?.goal ?? null,
            isHidden: definition?.hidden ?? false,
          }
        })
        const axes = new Set(described.flatMap(({ x }) => (x.kind === 'metric' ? [x.name] : [])))
        return described.map((metric) => ({
          ...metric,
          isStepMetric: metric.stream === 'history' && axes.has(metric.name),
        }))
      }),

    async byRun(scope, slug) {
      const run = (await references(scope, [slug])).get(slug)
      if (!run) throw new KirokuError({ code: 'NOT_FOUND', message: `there is no run ${slug}` })
      const totals = await database.transaction((connection) =>
        loadTotals(connection, [{ runId: run.runId, names: null }]),
      )
      const metrics = totals.map(({ entry: { stream, name, totals: known } }) => ({
        name,
        stream,
        count: known.count,
        nonFiniteCount: known.count - known.finiteCount,
        min: known.min === null ? null : toWireNumber(known.min),
        max: known.max === null ? null : toWireNumber(known.max),
        lastStep: known.lastStep,
      }))
      metrics.sort((left, right) => left.stream.localeCompare(right.stream) || left.name.localeCompare(right.name))
      return { metrics, definitions: [...run.definitions], segments: [...run.segments] }
    },

    totals: (scope, runIds) =>
      database.transaction(async (connection) => {
        const { rows } = await connection.query(
          'SELECT id FROM run WHERE project_id = $1 AND id = ANY($2) AND deleted_at IS NULL',
          [scope.projectId, runIds],
        )
        const wanted = idRowsSchema.parse(rows).map(({ id: runId }) => ({ runId, names: null }))
        const byRun = new Map(wanted.map(({ runId }): [string, NamedTotals[]] => [runId, []]))
        for (const { runId, entry } of await loadTotals(connection, wanted)) byRun.get(runId)?.push(entry)
        return byRun
      }),
  }
}

function groupByRun(
  rows: readonly { runId: string; definition: MetricDefinition }[],
): Map<string, readonly MetricDefinition[]> {
  const groups = new Map<string, MetricDefinition[]>()
  for (const { runId, definition } of rows) {
    const group = groups.get(runId)
    if (group) group.push(definition)
    else groups.set(runId, [definition])
  }
  return groups
}
