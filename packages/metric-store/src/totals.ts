import type { CountedMetric, CountedRequest } from './counted-types.ts'
import type { Engine } from './engine/engine.ts'
import { type NativeBlock, numbersOf, stringsOf } from './engine/native-format.ts'

/** How many names a statement lists, at most. */
const namesPerStatement = 5000

/** Counts metrics from their points, one query for many. A metric without points is left out. */
export async function readTotals(engine: Engine, request: CountedRequest): Promise<CountedMetric[]> {
  const { metrics } = request
  if (metrics === null) return countSome(engine, request, null)
  const counted: CountedMetric[] = []
  for (let from = 0; from < metrics.length; from += namesPerStatement)
    counted.push(...(await countSome(engine, request, metrics.slice(from, from + namesPerStatement))))
  return counted
}

async function countSome(
  engine: Engine,
  { project, run, stream }: CountedRequest,
  metrics: readonly string[] | null,
): Promise<CountedMetric[]> {
  const blocks = await engine.columns({
    sql: `SELECT CAST(metric, 'String') AS name, toFloat64(count()) AS points,
            toFloat64(countIf(isFinite(value))) AS finite, toFloat64(countIf(isNaN(value))) AS nans,
            argMin(value, step) AS firstValue, argMax(value, step) AS lastValue,
            minIf(value, NOT isNaN(value)) AS lowest, maxIf(value, NOT isNaN(value)) AS highest,
            sumIf(value, NOT isNaN(value)) AS total, toFloat64(max(step)) AS highestStep,
            toFloat64(max(time)) AS latest
          FROM (SELECT metric, step, time, value FROM points FINAL
                WHERE project = {project:UUID} AND run = {run:UUID} AND stream = {stream:String}
                  ${metrics === null ? '' : 'AND metric IN {metrics:Array(String)}'})
          GROUP BY name`,
    parameters: { project, run, stream, ...(metrics !== null && { metrics }) },
  })
  return blocks.flatMap((block) => stringsOf(block, 'name').map((metric, row) => countedAt(block, row, metric)))
}

function countedAt(block: NativeBlock, row: number, metric: string): CountedMetric {
  const at = (name: string): number => numbersOf(block, name)[row] ?? 0
  const count = at('points')
  const nanCount = at('nans')
  const hasNumber = count > nanCount
  return {
    metric,
    lastTime: at('latest'),
    totals: {
      count,
      finiteCount: at('finite'),
      nanCount,
      first: at('firstValue'),
      last: at('lastValue'),
      min: hasNumber ? at('lowest') : null,
      max: hasNumber ? at('highest') : null,
      sum: at('total'),
      lastStep: at('highestStep'),
    },
  }
}
