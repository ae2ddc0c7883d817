import type { Statement } from '../engine/engine.ts'
import { type FieldName, fieldNames } from '../rollups/bucket.ts'
import { newestOnly } from '../rollups/fresh-points.ts'
import { wholeLevel } from '../rollups/levels.ts'
import { selectedFields } from '../rollups/stored-fields.ts'
import type { SeriesGroup } from './groups.ts'
import { keysOf, manyRanges, parametersOf, selected, seriesRowsOf } from './series-sql.ts'

type Range = { from: number; to: number }

/**
 * A row a series that has a rollup, or several, of which that of the highest version stands, since `FINAL` would take most of the
 * time: the bucket of the whole, its traits, and the versions that it is of.
 */
export function wholesStatement(project: string, group: SeriesGroup): Statement {
  const keys = keysOf(group)
  return {
    sql: `SELECT ${selected(keys)}* EXCEPT (${[...keys, 'level'].join(', ')}) FROM (${seriesRowsOf(
      'rollups',
      group,
      `level, ${fieldNames.join(', ')}, isTimeRising, isValueRising, stepHash, validFrom, version`,
      `AND level = ${wholeLevel}`,
    )})`,
    parameters: parametersOf(project, group, null),
  }
}

const freshRowsOf = (group: SeriesGroup, columns: string): string =>
  seriesRowsOf('points FINAL', group, columns, 'AND version > {after:UInt64}')

/**
 * One row a series that has points above a version: the arrays `steps`, `times`, `numbers` and `versions`, in no order. There are
 * at most `limit` points of all of them together.
 */
export function freshStatement(project: string, group: SeriesGroup, after: number, limit: number): Statement {
  const keys = keysOf(group)
  return {
    sql: `SELECT ${selected(keys)}groupArray(toFloat64(step)) AS steps, groupArray(toFloat64(time)) AS times,
                 groupArray(value) AS numbers, groupArray(toFloat64(version)) AS versions
          FROM (${freshRowsOf(group, 'step, time, value, version')} LIMIT {limit:UInt64} ${newestOnly})
          ${keys.length > 0 ? `GROUP BY ${keys.join(', ')}` : ''}`,
    parameters: { ...parametersOf(project, group, null), after, limit },
  }
}

/** One row a series that has points above a version: how many, `points`. */
export function freshCountStatement(project: string, group: SeriesGroup, after: number): Statement {
  const keys = keysOf(group)
  return {
    sql: `SELECT ${selected(keys)}toFloat64(count()) AS points FROM (${freshRowsOf(group, 'version')} ${newestOnly})
          ${keys.length > 0 ? `GROUP BY ${keys.join(', ')}` : ''}`,
    parameters: { ...parametersOf(project, group, null), after },
  }
}

/**
 * A row a bucket of a level that overlaps the range, of steps or of times, or several, as above: the fields named, and its version.
 * `startFrom`: no bucket that starts before that step overlaps it. Only a start lets ClickHouse pass over granules.
 */
export function bucketRowsStatement(
  project: string,
  group: SeriesGroup,
  {
    level,
    axis,
    range,
    names,
    startFrom,
  }: {
    level: number
    axis: 'step' | 'time'
    range: Range | null
    names: readonly FieldName[]
    startFrom: number | null
  },
): Statement {
  const keys = keysOf(group)
  const begun = startFrom === null ? '' : 'AND start >= {startFrom:Int64}'
  const [start, last] = axis === 'step' ? ['start', 'start + lastStep'] : ['startTime', 'startTime + lastTime']
  const overlap = range === null ? '' : `AND ${start} <= {stepTo:Int64} AND ${last} >= {stepFrom:Int64}`
  return {
    sql: `SELECT ${selected(keys)}* EXCEPT (${[...keys, 'level'].join(', ')}) FROM (${seriesRowsOf(
      'rollups',
      group,
      `level, ${selectedFields(names)}, toFloat64(version) AS version`,
      `AND level = {level:UInt8} ${overlap} ${begun}`,
    )}) ${range === null ? '' : manyRanges}`,
    parameters: { ...parametersOf(project, group, range), level, ...(startFrom === null ? {} : { startFrom }) },
  }
}
