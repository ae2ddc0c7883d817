import type { TextKind, TextMetric } from '@kiroku/core/queries'
import { wireValueSchema } from '@kiroku/core/values'
import * as z from 'zod'
import type { Engine, Parameters } from './engine/engine.ts'
import type { RunKey, StoredText, TextQuery } from './types.ts'

const textRowSchema = z.object({
  metric: z.string(),
  step: z.coerce.number(),
  time: z.coerce.number(),
  value: z.string().transform((text) => wireValueSchema.parse(JSON.parse(text))),
  version: z.coerce.number(),
})

/** What texts may come at once, in bytes of JSON; one comes however long it is. */
const maxTextBytes = 32 * 1024 * 1024

/**
 * Some texts of a run, sorted by metric, then step: of more than `limit`, or than `maxTextBytes`, those of the highest or the
 * lowest steps.
 */
export async function readTexts(engine: Engine, query: TextQuery): Promise<StoredText[]> {
  const { project, run, metric, from, to, limit, order } = query
  const conditions = ['project = {project:UUID}', 'run = {run:UUID}']
  if (metric !== undefined) conditions.push('metric = {metric:String}')
  if (from !== undefined) conditions.push('step >= {from:Int64}')
  if (to !== undefined) conditions.push('step <= {to:Int64}')
  const where = conditions.join(' AND ')
  const parameters: Parameters = {
    project,
    run,
    ...(metric !== undefined && { metric }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    limit: limit ?? Number.MAX_SAFE_INTEGER,
    maxTextBytes,
  }
  const inOrder = `ORDER BY step ${order === 'first' ? 'ASC' : 'DESC'}, metric`
  // The keys are cut first, so that values that do not come are not read.
  const wanted = `SELECT metric, step FROM texts FINAL WHERE ${where} ${inOrder} LIMIT {limit:UInt64}`
  const cut = `SELECT metric, step FROM (
                 SELECT metric, step, sum(bytes) OVER (${inOrder} ROWS UNBOUNDED PRECEDING) - bytes AS bytesBefore
                 FROM (SELECT metric, step, length(value) AS bytes FROM texts FINAL
                       WHERE ${where} AND (metric, step) IN (${wanted})))
               WHERE bytesBefore < {maxTextBytes:UInt64}`
  const rows = await engine.query({
    sql: `SELECT metric, step, time, value, version FROM texts FINAL
          WHERE ${where} AND (metric, step) IN (${cut})
          ORDER BY metric, step`,
    parameters,
    row: textRowSchema,
  })
  return rows.map((row) => ({ project, run, ...row }))
}

const kindByType = new Map<string, TextKind>([
  ['image-file', 'image'],
  ['images', 'images'],
  ['histogram', 'histogram'],
  ['table-file', 'table'],
  ['audio-file', 'audio'],
  ['audio', 'audio'],
  ['video-file', 'video'],
  ['videos', 'video'],
  ['html-file', 'html'],
  ['html', 'html'],
  ['plotly-file', 'plotly'],
  ...['object3D-file', 'object3D', 'molecule-file', 'molecule', 'bokeh-file', 'graph-file'].map(
    (type): [string, TextKind] => [type, 'file'],
  ),
])

const metricRowSchema = z.object({
  metric: z.string(),
  count: z.coerce.number(),
  firstStep: z.coerce.number(),
  lastStep: z.coerce.number(),
})
const typeRowSchema = z.object({ metric: z.string(), type: z.string() })

/** Which metrics of a run have texts, over which steps, and what the newest of each is; sorted by metric. */
export async function readTextMetrics(engine: Engine, { project, run }: RunKey): Promise<TextMetric[]> {
  const parameters = { project, run }
  const where = 'project = {project:UUID} AND run = {run:UUID}'
  const metrics = await engine.query({
    sql: `SELECT metric, count() AS count, min(step) AS firstStep, max(step) AS lastStep FROM texts FINAL
          WHERE ${where} GROUP BY metric ORDER BY metric`,
    parameters,
    row: metricRowSchema,
  })
  const types = await engine.query({
    sql: `SELECT metric, JSONExtractString(value, '_type') AS type FROM texts FINAL
          WHERE ${where} AND (metric, step) IN (SELECT metric, max(step) FROM texts WHERE ${where} GROUP BY metric)`,
    parameters,
    row: typeRowSchema,
  })
  const typeByMetric = new Map(types.map(({ metric, type }) => [metric, type]))
  return metrics.map((row) => ({ ...row, kind: kindByType.get(typeByMetric.get(row.metric) ?? '') ?? 'text' }))
}

/** The steps at which a run has texts of a metric, ascending: of more than `limit` the last. */
export async function readTextSteps(
  engine: Engine,
  { project, run, metric, limit }: RunKey & { metric: string; limit: number },
): Promise<number[]> {
  const rows = await engine.query({
    sql: `SELECT step FROM texts FINAL
          WHERE project = {project:UUID} AND run = {run:UUID} AND metric = {metric:String}
          ORDER BY step DESC LIMIT {limit:UInt64}`,
    parameters: { project, run, metric, limit },
    row: z.object({ step: z.coerce.number() }),
  })
  return rows.map(({ step }) => step).reverse()
}
