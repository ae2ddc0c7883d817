import type { Engine } from '../engine/engine.ts'
import { arraysOf, numbersOf, stringsOf } from '../engine/native-format.ts'
import type { PointColumns } from './bucket.ts'
import type { StoreSeriesKey } from './stored-rollups.ts'

/** The versions of points that a pass takes in: above `after`, up to `to`. */
export type VersionRange = { after: number; to: number }

/** A series that has points of a range of versions, and how many (those that were replaced count, too). */
export type FreshSeries = StoreSeriesKey & { points: number }

/**
 * A granule without a point of the range is passed over. One that has an older point for the same step as a newer one may
 * be, since the newer one stands: so there is no need to look at every granule that might have it, as ClickHouse otherwise does.
 */
export const newestOnly =
  'SETTINGS use_skip_indexes = 1, use_skip_indexes_if_final = 1, use_skip_indexes_if_final_exact_mode = 0'

const pointsPerPage = 500_000

/** Which series have points of a range of versions, and the highest of these versions; 0 without any. */
export async function listFresh(
  engine: Engine,
  { after, to }: VersionRange,
): Promise<{ series: FreshSeries[]; highest: number }> {
  const blocks = await engine.columns({
    sql: `SELECT toString(project) AS projectKey, toString(run) AS runKey, toString(stream) AS streamKey,
                 CAST(metric, 'String') AS metricKey, toFloat64(count()) AS points, toFloat64(max(version)) AS highest
          FROM points WHERE version > {after:UInt64} AND version <= {to:UInt64}
          GROUP BY project, run, stream, metric`,
    parameters: { after, to },
  })
  const series = blocks.flatMap((block) => {
    const [projects, runs, streams, metrics] = ['projectKey', 'runKey', 'streamKey', 'metricKey'].map((name) =>
      stringsOf(block, name),
    )
    return Array.from(numbersOf(block, 'points'), (points, row) => ({
      project: projects?.[row] ?? '',
      run: runs?.[row] ?? '',
      stream: streams?.[row] === 'system' ? ('system' as const) : ('history' as const),
      metric: metrics?.[row] ?? '',
      points,
    }))
  })
  return { series, highest: Math.max(0, ...blocks.map((block) => Math.max(...numbersOf(block, 'highest')))) }
}

/** Series of one project: all of some runs, or those of some metrics. */
export type SomeSeries = { project: string; runs: readonly string[]; metrics: readonly string[] | null }

/** The points of a range of versions, by series, each in the order of its steps. */
export async function readFresh(
  engine: Engine,
  { project, runs, metrics }: SomeSeries,
  { after, to }: VersionRange,
): Promise<{ key: StoreSeriesKey; points: PointColumns }[]> {
  const blocks = await engine.columns({
    sql: `SELECT toString(run) AS runKey, toString(stream) AS streamKey, CAST(metric, 'String') AS metricKey,
                 groupArray(toFloat64(step)) AS steps, groupArray(toFloat64(time)) AS times, groupArray(value) AS numbers
          FROM points FINAL
          WHERE project = {project:UUID} AND run IN {runs:Array(UUID)} AND version > {after:UInt64}
            AND version <= {to:UInt64} ${metrics === null ? '' : 'AND metric IN {metrics:Array(String)}'}
          GROUP BY run, stream, metric ${newestOnly}`,
    parameters: { project, runs, after, to, ...(metrics !== null && { metrics }) },
  })
  return blocks.flatMap((block) => {
    const [runKeys, streams, names] = ['runKey', 'streamKey', 'metricKey'].map((name) => stringsOf(block, name))
    const [steps, times, values] = ['steps', 'times', 'numbers'].map((name) => arraysOf(block, name))
    return Array.from({ length: block.rows }, (_, row) => ({
      key: {
        project,
        run: runKeys?.[row] ?? '',
        stream: streams?.[row] === 'system' ? ('system' as const) : ('history' as const),
        metric: names?.[row] ?? '',
      },
      points: inOrder({
        steps: steps?.[row] ?? new Float64Array(0),
        times: times?.[row] ?? new Float64Array(0),
        values: values?.[row] ?? new Float64Array(0),
      }),
    }))
  })
}

/** Points sorted by their steps; those that are already are left as they are. */
export function inOrder(points: PointColumns): PointColumns {
  const { steps } = points
  let isSorted = true
  for (let index = 1; index < steps.length && isSorted; index++)
    isSorted = (steps[index] ?? 0) > (steps[index - 1] ?? 0)
  if (isSorted) return points
  const order = Uint32Array.from(steps, (_, index) => index).sort((a, b) => (steps[a] ?? 0) - (steps[b] ?? 0))
  const sorted = (column: Float64Array): Float64Array => Float64Array.from(order, (index) => column[index] ?? 0)
  return { steps: sorted(points.steps), times: sorted(points.times), values: sorted(points.values) }
}

/** The points of a range of versions of one series, in the order of their steps, a page at a time. */
export async function* readPages(
  engine: Engine,
  key: StoreSeriesKey,
  { after, to }: VersionRange,
): AsyncIterable<PointColumns> {
  const { project, run, stream, metric } = key
  let lastStep: number | null = null
  for (;;) {
    const blocks = await engine.columns({
      sql: `SELECT toFloat64(step) AS stepOf, toFloat64(time) AS timeOf, value AS valueOf
            FROM (SELECT step, time, value FROM points FINAL
                  WHERE project = {project:UUID} AND run = {run:UUID} AND stream = {stream:String}
                    AND metric = {metric:String} AND version > {after:UInt64} AND version <= {to:UInt64}
                    ${lastStep === null ? '' : 'AND step > {lastStep:Int64}'}
                  ORDER BY step LIMIT ${pointsPerPage}) ${newestOnly}`,
      parameters: { project, run, stream, metric, after, to, ...(lastStep !== null && { lastStep }) },
    })
    const joined = (name: string): Float64Array => {
      const whole = new Float64Array(blocks.reduce((sum, { rows }) => sum + rows, 0))
      let at = 0
      for (const block of blocks) {
        whole.set(numbersOf(block, name), at)
        at += block.rows
      }
      return whole
    }
    const page = inOrder({ steps: joined('stepOf'), times: joined('timeOf'), values: joined('valueOf') })
    if (page.steps.length > 0) yield page
    if (page.steps.length < pointsPerPage) return
    lastStep = page.steps[page.steps.length - 1] ?? 0
  }
}

/** The series of a run that have points. */
export async function listSeries(engine: Engine, project: string, run: string): Promise<StoreSeriesKey[]> {
  const blocks = await engine.columns({
    sql: `SELECT DISTINCT toString(stream) AS streamKey, CAST(metric, 'String') AS metricKey FROM points
          WHERE project = {project:UUID} AND run = {run:UUID}`,
    parameters: { project, run },
  })
  return blocks.flatMap((block) => {
    const streams = stringsOf(block, 'streamKey')
    return stringsOf(block, 'metricKey').map((metric, row) => ({
      project,
      run,
      stream: streams[row] === 'system' ? ('system' as const) : ('history' as const),
      metric,
    }))
  })
}
