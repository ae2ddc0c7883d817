import type { Buckets } from '@kiroku/core/buckets'
import type { Statement } from '../engine/engine.ts'
import {
  mostPlacedSteps,
  placedHash,
  placedPartOf,
  placeOfLevel,
  placeOfWholes,
  seriesHash,
  streamNumber,
} from '../rollups/place.ts'
import type { SeriesGroup } from './groups.ts'

type Range = { from: number; to: number }

/** The columns of an answer that name its series: left out where a group has only one run, or one metric. */
export function keysOf({ runs, metrics }: SeriesGroup): string[] {
  return [...(runs.length > 1 ? ['runIndex'] : []), ...(metrics.length > 1 ? ['metricIndex'] : [])]
}

const listed = (columns: readonly string[]): string => columns.map((column) => `${column}, `).join('')
export const selected = (columns: readonly string[]): string =>
  columns.map((column) => `${column} AS ${column}Key, `).join('')
const groupedBy = (columns: readonly string[]): string => (columns.length > 0 ? `GROUP BY ${columns.join(', ')}` : '')

const runIndex = "CAST(transform(run, {runs:Array(UUID)}, {runIndices:Array(UInt16)}, 0), 'UInt16') AS runIndex, "
const metricIndex =
  "CAST(transform(metric, {metrics:Array(String)}, {metricIndices:Array(UInt16)}, 0), 'UInt16') AS metricIndex, "

/** The rows of a table for a group's runs and some metrics. */
function rowsOf(table: string, group: SeriesGroup, columns: string, metric: string, onlyIf = ''): string {
  return `SELECT ${group.runs.length > 1 ? runIndex : ''}${columns} FROM ${table}
          WHERE project = {project:UUID} AND ${isRunOf(group)} AND stream = '${group.stream}' AND ${metric} ${onlyIf}`
}

/** Their points. `FINAL` leaves the newest of those that have the same step. */
const pointsOf = (group: SeriesGroup, columns: string, metric: string, onlyIf = ''): string =>
  rowsOf('points FINAL', group, columns, metric, onlyIf)

const isMetric = ({ metrics }: SeriesGroup): string =>
  metrics.length > 1 ? 'metric IN {metrics:Array(String)}' : 'metric = {metric:String}'

/** The points that are of a group's series, with `runIndex` and `metricIndex` where `keysOf` names them. */
export function seriesRowsOf(table: string, group: SeriesGroup, columns: string, onlyIf: string): string {
  return rowsOf(table, group, `${group.metrics.length > 1 ? metricIndex : ''}${columns}`, isMetric(group), onlyIf)
}

/**
 * The stored buckets that are of a group's series, of a level that is SQL, or their wholes. `runKey` is the run, and `metricIndex` as
 * above.
 */
export function bucketRowsOf(
  { from, level }: { from: 'rollups' | 'rollups FINAL'; level: string | 'whole' },
  group: SeriesGroup,
  columns: string,
  onlyIf = '',
): string {
  const where =
    level === 'whole'
      ? `place = ${placeOfWholes('{project:UUID}')} AND stream = '${group.stream}' AND ${isMetric(group)}`
      : placesOf(group, level)
  return `SELECT ${group.metrics.length > 1 ? metricIndex : ''}${columns} FROM ${from}
          WHERE ${where} AND ${isRunOf(group)} ${onlyIf}`
}

/** Whether a stored bucket is of a level of a group's metrics; the level is SQL. */
export function placesOf({ metrics, stream }: SeriesGroup, level: string): string {
  const placeOf = (metric: string): string =>
    placeOfLevel('{project:UUID}', level, String(streamNumber(stream)), metric)
  return metrics.length > 1
    ? `place IN (SELECT arrayJoin(arrayMap(name -> ${placeOf('name')}, {metrics:Array(String)})))`
    : `place = ${placeOf('{metric:String}')}`
}

export const isRunOf = ({ runs }: SeriesGroup): string =>
  runs.length > 1 ? 'run IN {runs:Array(UUID)}' : 'run = {run:UUID}'

/** The place of a row's run among those of a group. */
export const runIndexOf = ({ runs }: SeriesGroup): string => (runs.length > 1 ? runIndex : '')

/**
 * One row a point: its series, `step`, `time`, `value`, its `x`, whether it `hasX`, `place`: a whole number by which
 * points are sorted by x, and `position`: one by which those of a series are sorted by x, then step.
 */
export function sourceOf(group: SeriesGroup, range: Range | null): string {
  const { x, runs, metrics } = group
  const metric = isMetric(group)
  const base = `${metrics.length > 1 ? metricIndex : ''}step, time, value`
  switch (x.kind) {
    case 'step': {
      const inRange = range ? 'AND step >= {stepFrom:Int64} AND step <= {stepTo:Int64}' : ''
      return pointsOf(
        group,
        `${base}, toFloat64(step) AS x, true AS hasX, step AS place, step AS position`,
        metric,
        inRange,
      )
    }
    case 'time':
      return pointsOf(group, `${base}, toFloat64(time) AS x, true AS hasX, ${byTime}`, metric)
    case 'relative': {
      // With one clock a run the points are sorted by their time, which is the cheaper order.
      const order = hasOneClock(group) ? byTime : `${sortable('x')} AS place, ${pairOf('place', 'step')} AS position`
      return pointsOf(group, `${base}, toFloat64(time) - ${clockBase(group)} AS x, true AS hasX, ${order}`, metric)
    }
    case 'metric': {
      const atSteps = pointsOf(group, 'step, value AS xValue, true AS isXThere', 'metric = {xMetric:String}')
      return `SELECT ${listed(keysOf(group))}step, time, value, xValue + 0. AS x,
                     isXThere AND isFinite(xValue) AS hasX, ${sortable('x')} AS place, ${pairOf('place', 'step')} AS position
              FROM (${pointsOf(group, base, metric)}) AS y LEFT JOIN (${atSteps}) AS x
              USING (${runs.length > 1 ? 'runIndex, ' : ''}step)
              SETTINGS join_algorithm = 'parallel_hash'`
    }
  }
}

const byTime = `time AS place, ${pairOf('time', 'step')} AS position`

const hasOneClock = ({ clocks }: SeriesGroup): boolean => clocks.every(({ starts }) => starts.length === 1)

/** What has to be taken off a point's time for the time that its run had run for. */
export function clockBase(group: SeriesGroup): string {
  const isOneRun = group.runs.length === 1
  if (hasOneClock(group)) return isOneRun ? '{base:Float64}' : 'arrayElement({bases:Array(Float64)}, runIndex + 1)'
  const ofRun = (list: string): string =>
    isOneRun
      ? list
      : `arraySlice(${list}, arrayElement({clockAt:Array(UInt32)}, runIndex + 1), arrayElement({clockLengths:Array(UInt32)}, runIndex + 1))`
  const begun = `arrayCount(start -> start <= time, ${ofRun('{clockStarts:Array(Float64)}')})`
  return `arrayElement(${ofRun('{clockBases:Array(Float64)}')}, greatest(1, ${begun}))`
}

/** A float64 as a whole number of 64 bits that is sorted as it is. Minus zero must not come in: it is below zero here. */
function sortable(number: string): string {
  const bits = `reinterpretAsInt64(${number})`
  return `if(${bits} < 0, bitXor(${bits}, 9223372036854775807), ${bits})`
}

/** Two whole numbers of 64 bits as one that is sorted by the first, then the second. */
function pairOf(first: string, second: string): string {
  return `toInt128(${first}) * toInt128('18446744073709551616') + ${second}`
}

/** Values for every placeholder that a group's statements may have. */
export function parametersOf(project: string, group: SeriesGroup, range: Range | null): Statement['parameters'] {
  const { runs, metrics, x } = group
  const whole = (step: number): number => Math.min(Number.MAX_SAFE_INTEGER, Math.max(Number.MIN_SAFE_INTEGER, step))
  return {
    project,
    ...(runs.length > 1 ? { runs, runIndices: runs.map((_, index) => index) } : { run: runs[0] ?? '' }),
    ...(x.kind === 'relative' && clockParameters(group)),
    ...(metrics.length > 1
      ? { metrics, metricIndices: metrics.map((_, index) => index) }
      : { metric: metrics[0] ?? '' }),
    ...(x.kind === 'metric' ? { xMetric: x.name } : {}),
    ...(range ? { ...range, stepFrom: whole(Math.ceil(range.from)), stepTo: whole(Math.floor(range.to)) } : {}),
  }
}

function clockParameters(group: SeriesGroup): Statement['parameters'] {
  const { runs, clocks } = group
  if (!hasOneClock(group)) {
    const lengths = clocks.map(({ starts }) => starts.length)
    return {
      clockStarts: clocks.flatMap(({ starts }) => starts),
      clockBases: clocks.flatMap(({ bases }) => bases),
      clockAt: lengths.map((_, index) => 1 + lengths.slice(0, index).reduce((sum, length) => sum + length, 0)),
      clockLengths: lengths,
    }
  }
  const bases = clocks.map((clock) => clock.bases[0] ?? 0)
  return runs.length > 1 ? { bases } : { base: bases[0] ?? 0 }
}

export const inRange = (range: Range | null): string => (range ? 'x >= {from:Float64} AND x <= {to:Float64}' : 'true')

/**
 * One row a series: `withoutX`, how many points are in range (`count`), and their extent of x. On the step axis only the
 * range is read: there every point has an x.
 */
export function factsStatement(project: string, group: SeriesGroup, range: Range | null): Statement {
  const keys = keysOf(group)
  return {
    sql: `SELECT ${selected(keys)}countIf(NOT hasX) AS withoutX, countIf(isIn) AS count,
                 minIf(x, isIn) AS minX, maxIf(x, isIn) AS maxX
          FROM (SELECT *, hasX AND ${inRange(range)} AS isIn FROM (${sourceOf(group, range)}))
          ${groupedBy(keys)}`,
    parameters: parametersOf(project, group, range),
  }
}

/**
 * A chart of many runs is many short ranges of rows, whose cost is getting at them. It is read by two statements at once, so each has
 * one thread, which reads the files itself: handing ranges out to more costs more than it saves. One of few runs is short as it is.
 * Nearly all rows of the ranges are wanted, so a column that is read before the others leaves out none; and a search that cuts in four finds
 * ranges with fewer looks at the index than one that cuts in eight. Compiling what is worked out of a row takes 40 ms when a statement comes
 * for the fourth time, and saves nothing in so few rows.
 */
export const manyRanges = `SETTINGS max_threads = 1, local_filesystem_read_method = 'pread', optimize_move_to_prewhere = 0,
  merge_tree_coarse_index_granularity = 4, compile_expressions = 0`

/** One row a series that has points in range: the arrays `xs`, `ys`, `steps` and `times`, in no order. */
export function pointsStatement(project: string, group: SeriesGroup, range: Range): Statement {
  const keys = keysOf(group)
  return {
    sql: `SELECT ${selected(keys)}groupArray(x) AS xs, groupArray(value) AS ys, groupArray(toFloat64(step)) AS steps,
                 groupArray(toFloat64(time)) AS times
          FROM (${sourceOf(group, range)}) WHERE hasX AND ${inRange(range)} ${groupedBy(keys)}`,
    parameters: parametersOf(project, group, range),
  }
}

/**
 * Points in a range of steps, which may be many short ranges of rows, where the cost is each column that has to be got at: so the
 * sorting key serves to find granules only, and of a row one number tells its series and its step. A row a point, in no order, of these
 * and of other series: `seriesOf`, whose upper bits are those of its series' hash, `valueOf`, and `timeOf` when times are asked for. Where
 * `firstOfPlaced` is known, the lowest bits of `seriesOf` are how far behind it the point's step is, else that is `stepOf`. A series that
 * `isReadAlone` has `stepOf` and no `seriesOf`, and is read in less time where its `hash` is known. There may be several points of a step:
 * `FINAL` would take as long as all the rest.
 */
export function stepsStatement(
  project: string,
  group: SeriesGroup,
  range: Range,
  hasTimes: boolean,
  hash?: bigint,
): Statement {
  const { columns, isIn } = isReadAlone(group, range)
    ? stepsOfOne(group, hash)
    : firstOfPlaced(range) === null
      ? farSteps
      : nearSteps
  return {
    sql: `SELECT ${columns}, value AS valueOf ${hasTimes ? ', toFloat64(time) AS timeOf' : ''} FROM points
          WHERE indexHint(${isOfGroup(group)} AND ${isStepIn('step')}) AND ${isIn} ${manyRanges}`,
    parameters: {
      ...parametersOf(project, group, range),
      ...(hash !== undefined && { placed: String(placedPartOf(hash)) }),
    },
  }
}

/** The first step of a range that is short enough for all of its steps to be told by the lowest bits of `placedStep`. */
export function firstOfPlaced(range: Range): number | null {
  const [first, last] = [Math.ceil(range.from), Math.floor(range.to)]
  return Number.isSafeInteger(first) && Number.isSafeInteger(last) && last - first < mostPlacedSteps ? first : null
}

const isStepIn = (step: string): string => `${step} >= {stepFrom:Int64} AND ${step} <= {stepTo:Int64}`

const distance = `bitAnd(placedStep - {stepFrom:Int64}, ${mostPlacedSteps - 1})`
const nearSteps = {
  columns: 'placedStep - {stepFrom:Int64} AS seriesOf',
  isIn: `${distance} <= {stepTo:Int64} - {stepFrom:Int64}`,
}

const farSteps = {
  columns: 'placedStep - step AS seriesOf, toFloat64(step) AS stepOf',
  isIn: isStepIn('step'),
}

/** Another series' rows pass for those of one over so many steps once in 10^12. */
const mostStepsOfOne = 2 ** 24

/** Whether rows are read of one series alone, without `seriesOf`: its steps are what `placedStep` is above its hash. */
export const isReadAlone = ({ runs, metrics }: SeriesGroup, range: Range): boolean =>
  runs.length === 1 && metrics.length === 1 && range.to - range.from < mostStepsOfOne

function stepsOfOne({ stream }: SeriesGroup, hash: bigint | undefined): typeof farSteps {
  const ofSeries = seriesHash('{project:UUID}', '{run:UUID}', String(streamNumber(stream)), '{metric:String}')
  const step = `placedStep - ${hash === undefined ? placedHash(ofSeries) : '{placed:UInt64}'}`
  return { columns: `toFloat64(${step}) AS stepOf`, isIn: isStepIn(step) }
}

const isOfGroup = (group: SeriesGroup): string =>
  `project = {project:UUID} AND ${isRunOf(group)} AND stream = '${group.stream}' AND ${isMetric(group)}`

/**
 * The same points without those of other series, whatever their hashes: the whole hash is `seriesOf`, and of several points of a step that
 * of the highest `versionOf` stands. That serves series that are asked for together and have the same bits of their hashes, too, and a
 * neighbour that has them and a point at one of the same steps. One that has them and other steps is not told apart: once in 10^14 pairs.
 */
export function newestStepsStatement(project: string, group: SeriesGroup, range: Range, hasTimes: boolean): Statement {
  return {
    sql: `SELECT reinterpretAsFixedString(${seriesHash('project', 'run', 'stream', 'metric')}) AS seriesOf, toFloat64(step) AS stepOf,
                 value AS valueOf, ${hasTimes ? 'toFloat64(time) AS timeOf,' : ''} toFloat64(version) AS versionOf
          FROM points WHERE ${isOfGroup(group)} AND ${isStepIn('step')}`,
    parameters: parametersOf(project, group, range),
  }
}

/** The hash of a row's series, as bytes. */
export const hashOf = ({ metrics, stream }: SeriesGroup): string =>
  `reinterpretAsFixedString(${seriesHash(
    '{project:UUID}',
    'run',
    String(streamNumber(stream)),
    metrics.length > 1 ? 'metric' : '{metric:String}',
  )})`

/** A row a series of a group: its hash `seriesOf`, and the places of its run and metric, `runOf` and `metricOf`. */
export function hashesStatement(project: string, { runs, metrics, stream }: SeriesGroup): Statement {
  const hash = seriesHash(
    '{project:UUID}',
    '{runs:Array(UUID)}[aRun + 1]',
    String(streamNumber(stream)),
    '{metrics:Array(String)}[aMetric + 1]',
  )
  return {
    sql: `SELECT reinterpretAsFixedString(${hash}) AS seriesOf, toFloat64(aRun) AS runOf, toFloat64(aMetric) AS metricOf
          FROM (SELECT arrayJoin(range(length({runs:Array(UUID)}))) AS aRun,
                       arrayJoin(range(length({metrics:Array(String)}))) AS aMetric)`,
    parameters: { project, runs, metrics },
  }
}

/** One row a series that has points in range: an array for each of `bucketColumns`, and `bucket`, in no order. */
export function bucketsStatement(project: string, group: SeriesGroup, range: Range, buckets: Buckets): Statement {
  const keys = keysOf(group)
  const finite = (column: string, otherwise: string): string =>
    `groupArray(if(finiteCount > 0, ${column}, ${otherwise}))`
  return {
    sql: `SELECT ${selected(keys)}groupArray(toFloat64(bucket)) AS bucket,
            ${finite('firstFiniteX', 'leastX')} AS firstX, ${finite('firstFiniteY', 'nan')} AS firstY,
            ${finite('lowestX', 'leastX')} AS minX, ${finite('lowestY', 'nan')} AS minY,
            ${finite('highestX', 'leastX')} AS maxX, ${finite('highestY', 'nan')} AS maxY,
            ${finite('lastFiniteX', 'leastX')} AS lastX, ${finite('lastFiniteY', 'nan')} AS lastY,
            groupArray(toFloat64(points)) AS count, groupArray(total) AS sum, groupArray(toFloat64(nans)) AS nanCount,
            groupArray(toFloat64(positives)) AS positiveInfinityCount,
            groupArray(toFloat64(negatives)) AS negativeInfinityCount
          FROM (
            WITH isFinite(value) AS isNumber, ${pairOf(sortable('value + 0.'), 'place')} AS fromLowest,
              ${pairOf(sortable('0. - value'), 'place')} AS fromHighest
            SELECT ${listed(keys)}
              toUInt16(least({lastBucket:Float64}, greatest(toFloat64(0), floor((x - {from:Float64}) / {bucketWidth:Float64}))))
                AS bucket,
              count() AS points, countIf(isNumber) AS finiteCount, min(x) AS leastX,
              minIf(x, isNumber) AS firstFiniteX, argMinIf(value, position, isNumber) AS firstFiniteY,
              maxIf(x, isNumber) AS lastFiniteX, argMaxIf(value, position, isNumber) AS lastFiniteY,
              minIf(value, isNumber) AS lowestY, argMinIf(x, fromLowest, isNumber) AS lowestX,
              maxIf(value, isNumber) AS highestY, argMinIf(x, fromHighest, isNumber) AS highestX,
              sumIf(value, isNumber) AS total, countIf(isNaN(value)) AS nans,
              countIf(value = inf) AS positives, countIf(value = -inf) AS negatives
            FROM (${sourceOf(group, range)}) WHERE hasX AND ${inRange(range)}
            GROUP BY ${listed(keys)}bucket
          ) ${groupedBy(keys)}`,
    parameters: {
      ...parametersOf(project, group, range),
      lastBucket: buckets.count - 1,
      bucketWidth: buckets.width,
    },
  }
}
