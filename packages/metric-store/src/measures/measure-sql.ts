import type { Measure } from '@kiroku/core/measures'
import type { Parameters, Statement } from '../engine/engine.ts'
import { pickedRows, type Stretch } from '../groups/stretches.ts'
import { placeOfLevel, streamNumber } from '../rollups/place.ts'
import { notFiniteSql, storedField } from '../rollups/stored-fields.ts'

/** A stretch of stored buckets, by the steps that these start at, of versions from `validFrom` on. */
export type StoredStretch = Stretch & { validFrom: number }

/**
 * One row a run that has points in its stretches: `runKey`, `valueOf`, `stepOf`, `timeOf`, how many points the figure was
 * `found` by, and how many are `finite`. Of a run with `null` for stretches, all points.
 */
export function measureStatement(project: string, measure: Measure, where: MeasuredRows): Statement {
  const { points, values } = pointsOf(where)
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

const ofMetric = "project = {project:UUID} AND stream = 'history' AND metric = {metric:String}"

/** One row a point: `run`, `step`, `time`, `value`. */
function pointsOf(where: MeasuredRows): { points: string; values: Parameters } {
  if ('runs' in where)
    return {
      points: `SELECT run, step, time, value FROM points FINAL WHERE ${ofMetric} AND run IN {runs:Array(UUID)}`,
      values: { runs: where.runs },
    }
  const { condition, values } = pickedRows(where.stretches, 'step')
  // To merge hundreds of short stretches by FINAL takes ten times as long as to take the newest of each step.
  return {
    points: `SELECT run, step, newestTime AS time, newestValue AS value
             FROM (SELECT run, step, argMax(time, version) AS newestTime, argMax(value, version) AS newestValue
                   FROM points WHERE ${ofMetric} AND ${condition} GROUP BY run, step)`,
    values,
  }
}

/** One row a run: `runKey`, and from step `firstOf` to step `finalOf` the first stored bucket that reaches a target. */
export function firstReachingStatement(
  project: string,
  { metric, direction, target }: Extract<Measure, { kind: 'target' }>,
  level: number,
  stretches: readonly StoredStretch[],
): Statement {
  const { condition, values } = pickedRows(stretches, 'start')
  return {
    sql: `SELECT toString(run) AS runKey, toFloat64(min(start)) AS firstOf, toFloat64(argMin(lastOf, start)) AS finalOf
          FROM (SELECT run, start, max(version) AS newest, argMax(start + ${storedField('lastStep')}, version) AS lastOf,
                       argMax(${storedField(direction === 'atLeast' ? 'max' : 'min')}, version) AS extreme,
                       argMax(${storedField('count')} > ${notFiniteSql}, version) AS hasFinite
                FROM rollups
                WHERE place = ${placeOfLevel('{project:UUID}', '{level:UInt8}', String(streamNumber('history')), '{metric:String}')}
                  AND ${condition}
                GROUP BY run, start)
          WHERE newest >= transform(run, {runs:Array(UUID)}, {validFroms:Array(UInt64)}, toUInt64(0))
            AND hasFinite AND extreme ${direction === 'atLeast' ? '>=' : '<='} {target:Float64}
          GROUP BY run`,
    parameters: {
      project,
      metric,
      level,
      target,
      validFroms: stretches.map(({ validFrom }) => validFrom),
      ...values,
    },
  }
}
