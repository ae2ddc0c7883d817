import type { Statement } from '../engine/engine.ts'
import { type NativeBlock, numbersOf, packedOf, uuidAt } from '../engine/native-format.ts'
import { newestOnly } from '../rollups/fresh-points.ts'
import { selectedBuckets, selectedOverSteps, storedField } from '../rollups/stored-fields.ts'
import { type SeriesGroup, seriesKeyOf } from './groups.ts'
import type { Rows } from './rows-by-hash.ts'
import {
  bucketRowsOf,
  hashOf,
  isRunOf,
  keysOf,
  manyRanges,
  parametersOf,
  placesOf,
  selected,
  seriesRowsOf,
} from './series-sql.ts'

type Range = { from: number; to: number }

/**
 * A row a series that has a rollup, or several, of which that of the highest version stands, since `FINAL` would take most of the
 * time: the bucket of the whole, its traits, the versions that it is of, and the hash of the series, `seriesOf`.
 */
export function wholesStatement(project: string, group: SeriesGroup): Statement {
  return {
    sql: bucketRowsOf(
      { from: 'rollups', level: 'whole' },
      group,
      `${groupKeysOf(group)}${selectedBuckets}, isTimeRising, isValueRising, stepHash, validFrom, version,
       ${hashOf(group)} AS seriesOf`,
    ),
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
 * A row a bucket of a level that overlaps the range, of steps or of times, or several, as above, of the series with these hashes of
 * the level: `seriesOf` is that of each row. `startFrom`: no bucket that starts before that step overlaps it. Only a start lets
 * ClickHouse pass over granules.
 */
export function bucketRowsStatement(
  project: string,
  group: SeriesGroup,
  { level, hashes, axis, range, startFrom }: WantedBuckets,
): Statement {
  const start = axis === 'step' ? 'start' : storedField('startTime')
  const last = `${start} + ${storedField(axis === 'step' ? 'lastStep' : 'lastTime')}`
  const end = startFrom === null ? `${last} >= {stepFrom:Int64}` : 'start >= {startFrom:Int64}'
  return {
    sql: `SELECT reinterpretAsInt64(series) AS seriesOf, ${axis === 'step' ? selectedOverSteps : selectedBuckets}
          FROM rollups WHERE indexHint(${placesOf(group, '{level:UInt8}')} AND ${isRunOf(group)}) AND series IN CAST({hashes:Array(String)}, 'Array(UInt64)')
            ${range === null ? '' : `AND ${start} <= {stepTo:Int64} AND ${end}`} ${manyRanges}`,
    parameters: {
      ...parametersOf(project, group, range),
      level,
      hashes: hashes.map(String),
      ...(startFrom === null ? {} : { startFrom }),
    },
  }
}

type WantedBuckets = {
  level: number
  hashes: readonly bigint[]
  axis: 'step' | 'time'
  range: Range | null
  startFrom: number | null
}

/** The columns that name a row's series: a run as its bytes, which are cheaper to compare than its place is to look up. */
const groupKeysOf = ({ runs, metrics }: SeriesGroup): string =>
  `${runs.length > 1 ? 'reinterpretAsFixedString(run) AS runKey, ' : ''}${metrics.length > 1 ? 'metricIndex AS metricIndexKey, ' : ''}`

/** Neighbouring rows of an answer about wholes or points, and the key of their series. */
export type SeriesRows = Rows & { key: string }

/** Tells an answer's rows apart by their series. */
export function rowsBySeries(group: SeriesGroup, blocks: readonly NativeBlock[]): SeriesRows[] {
  return blocks.flatMap((block) => {
    const found: SeriesRows[] = []
    const runs = group.runs.length > 1 ? packedOf(block, 'runKey').bytes : null
    const metrics = group.metrics.length > 1 ? numbersOf(block, 'metricIndexKey') : null
    const isSame = (one: number, other: number): boolean =>
      metrics?.[one] === metrics?.[other] && (runs === null || isSameRun(runs, one, other))
    for (let from = 0, row = 1; row <= block.rows; row++) {
      if (row < block.rows && isSame(row - 1, row)) continue
      const run = runs === null ? group.runs[0] : uuidAt(runs, from * uuidBytes)
      const metric = group.metrics[metrics?.[from] ?? 0] ?? ''
      const key = seriesKeyOf({ run: run ?? '', metric, stream: group.stream, x: group.x })
      found.push({ key, block, from, to: row })
      from = row
    }
    return found
  })
}

const uuidBytes = 16

function isSameRun(runs: DataView, one: number, other: number): boolean {
  for (let at = 0; at < uuidBytes; at += 4)
    if (runs.getUint32(one * uuidBytes + at) !== runs.getUint32(other * uuidBytes + at)) return false
  return true
}
