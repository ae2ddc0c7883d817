import type { Measure } from '@kiroku/core/measures'
import type { Parameters, Statement } from '../engine/engine.ts'
import { type Stretch, stretchCondition } from '../groups/group-sql.ts'

/** A stretch of stored buckets, by the steps that these start at, of versions from `validFrom` on. */
export type StoredStretch = Stretch & { validFrom: number }

/**
 * One row a run that has points in its stretches: `runKey`, `valueOf`, `stepOf`, `timeOf`, how many points the figure was
 * `found` by, and how many are `finite`. Of a run with `null` for stretches, all points.
 */
export function measureStatement(project: string, measure: Measure, where: MeasuredRows): Statement {
  const { condition, values } = conditionOf(where)
  const points = `SELECT run, step, time, value FROM points FINAL
    WHERE project = {project:UUID} AND stream = 'history' AND metric = {metric:String} AND (${condition})`
  const figures = (value: string, step: string, time: string, found: string, source: string): string =>
    `SELECT toString(run) AS runKey, toFloat64(${value}) AS valueOf, toFloat64(${step}) AS stepOf, toFloat64(${time}) AS timeOf,
            toFloat64(${found}) AS found, toFloat64(countIf(isFinite(value))) AS finite FROM (${source}) GROUP BY run`
  const parameters = { project, metric: measure.metric, ...values }
  switch (measure.kind) {
    case 'best': {
      const [pick, sign] = measure.goal === 'min' ? ['minIf', ''] : ['maxIf', '-']
      const at = (column: string): string => `argMinIf(${column}, (${sign}value, step), isFinite(value))`
      return {
        sql: figures(`${pick}(value, isFinite(value))`, at('step'), at('time'), 'countIf(isFinite(value))', points),
        parameters,
      }
    }
    case 'target': {
      const isHit = `isFinite(value) AND value ${measure.direction === 'atLeast' ? '>=' : '<='} {target:Float64}`
      return {
        sql: figures(
          `argMinIf(value, step, ${isHit})`,
          `minIf(step, ${isHit})`,
          `argMinIf(time, step, ${isHit})`,
          `countIf(${isHit})`,
          points,
        ),
        parameters: { ...parameters, target: measure.target },
      }
    }
    case 'last':
      return {
        sql: figures(
          'avgIf(value, isFinite(value))',
          'max(step)',
          'argMax(time, step)',
          'count()',
          `SELECT * FROM (${points}) ORDER BY run, step DESC LIMIT {count:UInt32} BY run`,
        ),
        parameters: { ...parameters, count: measure.count },
      }
  }
}

/** Points to look at: stretches, or all of some runs. */
export type MeasuredRows = { stretches: readonly Stretch[] } | { runs: readonly string[] }

function conditionOf(where: MeasuredRows): { condition: string; values: Parameters } {
  if ('stretches' in where) return stretchCondition(where.stretches)
  return { condition: 'run IN {runs:Array(UUID)}', values: { runs: where.runs } }
}

/** One row a run: `runKey`, and from step `firstOf` to step `finalOf` the first stored bucket that reaches a target. */
export function firstReachingStatement(
  project: string,
  { metric, direction, target }: Extract<Measure, { kind: 'target' }>,
  level: number,
  stretches: readonly StoredStretch[],
): Statement {
  const condition = stretches.map(
    (_, index) =>
      `(run = {run${index}:UUID} AND start >= {from${index}:Int64} AND start <= {to${index}:Int64}
        AND version >= {valid${index}:UInt64})`,
  )
  const values = stretches.flatMap(({ run, from, to, validFrom }, index) => [
    [`run${index}`, run],
    [`from${index}`, from],
    [`to${index}`, to],
    [`valid${index}`, validFrom],
  ])
  return {
    sql: `SELECT toString(run) AS runKey, toFloat64(min(start)) AS firstOf, toFloat64(argMin(start + lastStep, start)) AS finalOf
          FROM (SELECT run, start, lastStep, min, max, count > nanCount + positiveInfinityCount + negativeInfinityCount AS hasFinite
                FROM rollups FINAL
                WHERE project = {project:UUID} AND stream = 'history' AND metric = {metric:String} AND level = {level:UInt8}
                  AND (${condition.join(' OR ')}))
          WHERE hasFinite AND ${direction === 'atLeast' ? 'max >=' : 'min <='} {target:Float64} GROUP BY run`,
    parameters: { project, metric, level, target, ...Object.fromEntries(values) },
  }
}
