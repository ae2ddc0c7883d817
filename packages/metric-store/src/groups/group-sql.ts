import type { Buckets } from '@kiroku/core/buckets'
import type { Parameters, Statement } from '../engine/engine.ts'
import { newestOnly } from '../rollups/fresh-points.ts'
import { notFiniteSql, storedField } from '../rollups/stored-fields.ts'
import { keyAt, type SeriesGroup } from '../series/groups.ts'
import {
  bucketRowsOf,
  clockBase,
  inRange,
  parametersOf,
  runIndexOf,
  seriesRowsOf,
  sourceOf,
} from '../series/series-sql.ts'
import { pickedRows, type Stretch } from './stretches.ts'

type Range = { from: number; to: number }

/** What a statement has to know of each run of a group: its place among all, and what its rollup tells. */
export type RunFacts = { place: number; lastStep: number; version: number; validFrom: number }
/** Tells of a series by its key. */
export type FactsOf = (key: string) => RunFacts

/** A part of the points: those that the rollups have at a level, or points themselves. */
export type Part =
  | { kind: 'rolled'; group: SeriesGroup; level: number }
  | { kind: 'fresh'; group: SeriesGroup; after: number }
  | { kind: 'raw'; group: SeriesGroup }
  /** One stretch a run, in the order of the group's runs. */
  | { kind: 'stretches'; group: SeriesGroup; stretches: readonly Stretch[] }

/**
 * The columns that a group's buckets are answered in, beside `groupKey` and `bucketKey`. `stddevPop` would lose the digits of
 * means that lie close together far from zero.
 */
const answered = `toFloat64(countIf(finite > 0)) AS runsOf, avgIf(mean, finite > 0) AS meanOf,
  stddevPopStableIf(mean, finite > 0) AS stdOf,
  quantilesExactInclusiveIf(0.1, 0.25, 0.5, 0.75, 0.9)(mean, finite > 0) AS quantilesOf,
  if(runsOf > 0, minIf(lowest, finite > 0), nan) AS minOf, if(runsOf > 0, maxIf(highest, finite > 0), nan) AS maxOf,
  toFloat64(sum(points)) AS countOf, toFloat64(sum(points - finite)) AS notFiniteOf, toFloat64(max(isNewer)) AS isStale`

/**
 * One row a bucket of a group that has points. The parts are joined, first by run and bucket, so that a run's mean is of all
 * its points there; `groupsOf` says of each run in which groups it is. `isStale` is 1 where rollups were newer than known.
 * No parameter of it is called `run` or `runs`: groups go over the shards of a cluster, whose tables of all shards answer once.
 */
export function groupsStatement(
  project: string,
  parts: readonly Part[],
  groupsOf: readonly (readonly number[])[],
  factsOf: FactsOf,
  range: Range,
  buckets: Buckets,
): Statement {
  const statements = parts.map((part, index) => renamed(partStatement(project, part, factsOf, range, buckets), index))
  return {
    sql: `SELECT toFloat64(groupAt) AS groupKey, toFloat64(bucket) AS bucketKey, ${answered}
          FROM (
            SELECT place, bucket, sum(total) / sum(finites) AS mean, sum(finites) AS finite, sum(pointCount) AS points,
                   minIf(low, finites > 0) AS lowest, maxIf(high, finites > 0) AS highest, max(newer) AS isNewer
            FROM (${statements.map(({ sql }) => sql).join('\nUNION ALL\n')})
            GROUP BY place, bucket
          ) ARRAY JOIN arrayElement({groupsOf:Array(Array(UInt16))}, place + 1) AS groupAt
          GROUP BY groupAt, bucket`,
    parameters: { groupsOf, ...Object.assign({}, ...statements.map(({ parameters }) => parameters ?? {})) },
  }
}

/** Statements that stand side by side in one may not share the names of their parameters. */
function renamed({ sql, parameters = {} }: Statement, index: number): Statement {
  const entries = Object.entries(parameters).map(([name, value]) => [`p${index}_${name}`, value] as const)
  return { sql: sql.replace(/\{(\w+):/g, `{p${index}_$1:`), parameters: Object.fromEntries(entries) }
}

const bucketAt = (x: string): string =>
  `toUInt32(least({lastBucket:Float64}, greatest(toFloat64(0), floor((${x} - {cutFrom:Float64}) / {bucketWidth:Float64}))))`

/** One row a run and bucket: its sums, in a part. */
function partStatement(project: string, part: Part, factsOf: FactsOf, range: Range, buckets: Buckets): Statement {
  const { group } = part
  const parameters = {
    ...parametersOf(project, group, range),
    ...factParameters(group, factsOf),
    lastBucket: buckets.count - 1,
    cutFrom: buckets.from,
    bucketWidth: buckets.width,
  }
  const summed = (source: string): string =>
    `SELECT toUInt32(${fact(group, 'places')}) AS place, ${bucketAt('x')} AS bucket, sumIf(value, isFinite(value)) AS total,
            countIf(isFinite(value)) AS finites, count() AS pointCount, minIf(value, isFinite(value)) AS low,
            maxIf(value, isFinite(value)) AS high, 0 AS newer
     FROM (${source}) WHERE ${inRange(range)} GROUP BY place, bucket`
  switch (part.kind) {
    case 'raw':
      return { sql: summed(`SELECT * FROM (${sourceOf(group, range)}) WHERE hasX`), parameters }
    case 'fresh':
      return {
        sql: summed(`SELECT *, ${xOfPoint(group)} AS x FROM (${freshRows(group)})`),
        parameters: { ...parameters, after: part.after },
      }
    case 'stretches': {
      const { condition, values } = pickedRows(part.stretches, 'step')
      const keys = group.runs.length > 1 ? `${runIndex}, ` : ''
      // As for measures: FINAL would take ten times as long over many short stretches.
      const rows = `SELECT * EXCEPT (newestTime, newestValue), newestTime AS time, newestValue AS value
        FROM (SELECT ${keys}step, argMax(time, version) AS newestTime, argMax(value, version) AS newestValue FROM points
              WHERE project = {project:UUID} AND stream = '${group.stream}' AND metric = {metric:String} AND ${condition}
              GROUP BY run, step)`
      return {
        sql: summed(`SELECT *, ${xOfPoint(group)} AS x FROM (${rows})`),
        parameters: { ...parameters, ...values },
      }
    }
    case 'rolled':
      return {
        sql: `SELECT toUInt32(${fact(group, 'places')}) AS place, firstBucket AS bucket, sum(sum) AS total,
                     toUInt64(sum(count) - sum(notFinite)) AS finites, toUInt64(sum(count)) AS pointCount, minIf(min, count > notFinite) AS low,
                     maxIf(max, count > notFinite) AS high, toUInt8(max(version > ${fact(group, 'versions')})) AS newer
              FROM (${rolledRows(group)}) WHERE NOT isWide GROUP BY place, bucket`,
        parameters: { ...parameters, level: part.level },
      }
  }
}

/** One row a stored bucket of a level that is too wide for the cut: `placeKey`, and from step `firstOf` to step `finalOf`. */
export function wideRowsStatement(
  project: string,
  { group, level }: { group: SeriesGroup; level: number },
  factsOf: FactsOf,
  range: Range,
  buckets: Buckets,
): Statement {
  return {
    sql: `SELECT toFloat64(${fact(group, 'places')}) AS placeKey, toFloat64(start) AS firstOf, toFloat64(start + lastStep) AS finalOf
          FROM (${rolledRows(group)}) WHERE isWide`,
    parameters: {
      ...parametersOf(project, group, range),
      ...factParameters(group, factsOf),
      lastBucket: buckets.count - 1,
      cutFrom: buckets.from,
      bucketWidth: buckets.width,
      level,
    },
  }
}

const rolledFields = ['startTime', 'lastStep', 'lastTime', 'count', 'min', 'max', 'sum'] as const

/**
 * Stored buckets of a level that overlap the range. One that is not within one bucket of the cut (or not within the range)
 * counts where it starts, unless it is wider than half a bucket.
 */
function rolledRows(group: SeriesGroup): string {
  const isStep = group.x.kind === 'step'
  const base = group.x.kind === 'relative' ? ` - ${clockBase(group)}` : ''
  const rows = bucketRowsOf(
    { from: 'rollups FINAL', level: '{level:UInt8}' },
    group,
    `${runIndexOf(group)}start, ${rolledFields.map((name) => `${storedField(name)} AS ${name}`).join(', ')},
     ${notFiniteSql} AS notFinite, version`,
    isStep ? 'AND start <= {stepTo:Int64} AND start + lastStep >= {stepFrom:Int64}' : '',
  )
  // A clock's base is by the run and not by the time where a run has one clock, as all have that are read from rollups.
  const [begin, end] = isStep
    ? ['toFloat64(start)', 'toFloat64(start + lastStep)']
    : [`toFloat64(startTime)${base}`, `toFloat64(startTime + lastTime)${base}`]
  return `SELECT *, ${begin} AS beginX, ${end} AS endX, ${bucketAt('beginX')} AS firstBucket,
                 endX - beginX > {bucketWidth:Float64} / 2 AND (firstBucket != ${bucketAt('endX')}
                   OR beginX < {from:Float64} OR endX > {to:Float64}) AS isWide
          FROM (${rows})
          WHERE version >= ${fact(group, 'validFroms')} AND beginX <= {to:Float64} AND endX >= {from:Float64}`
}

/** The points that came since a series' rollup, which lie behind it. */
function freshRows(group: SeriesGroup): string {
  const rows = seriesRowsOf('points FINAL', group, 'step, time, value, version', 'AND version > {after:UInt64}')
  return `SELECT * FROM (${rows} ${newestOnly})
          WHERE version > ${fact(group, 'versions')} AND step > ${fact(group, 'lastSteps')}`
}

/** One row a run that has points above the version of its rollup: `early` of them are at or below its last step. */
export function freshFactsStatement(project: string, group: SeriesGroup, after: number, factsOf: FactsOf): Statement {
  const rows = seriesRowsOf('points FINAL', group, 'step, time, version', 'AND version > {after:UInt64}')
  return {
    sql: `SELECT toFloat64(${fact(group, 'places')}) AS placeKey, toFloat64(countIf(step <= ${fact(group, 'lastSteps')})) AS early,
                 toFloat64(count()) AS points, toFloat64(min(step)) AS minStep, toFloat64(max(step)) AS maxStep,
                 toFloat64(min(time)) AS minTime, toFloat64(max(time)) AS maxTime
          FROM (${rows} ${newestOnly}) WHERE version > ${fact(group, 'versions')} GROUP BY placeKey`,
    parameters: { ...parametersOf(project, group, null), ...factParameters(group, factsOf), after },
  }
}

function xOfPoint(group: SeriesGroup): string {
  if (group.x.kind === 'step') return 'toFloat64(step)'
  return group.x.kind === 'relative' ? `toFloat64(time) - ${clockBase(group)}` : 'toFloat64(time)'
}

const runIndex = "CAST(transform(run, {runs:Array(UUID)}, {runIndices:Array(UInt16)}, 0), 'UInt16') AS runIndex"

const factTypes = { places: 'UInt32', lastSteps: 'Int64', versions: 'UInt64', validFroms: 'UInt64' } as const

/** What is known of the run of a row. */
const fact = (group: SeriesGroup, name: keyof typeof factTypes): string =>
  `arrayElement({${name}:Array(${factTypes[name]})}, ${group.runs.length > 1 ? 'runIndex + 1' : '1'})`

function factParameters(group: SeriesGroup, factsOf: FactsOf): Parameters {
  const facts = group.runs.map((_, run) => factsOf(keyAt(group, run, 0)))
  return {
    places: facts.map(({ place }) => place),
    lastSteps: facts.map(({ lastStep }) => lastStep),
    versions: facts.map(({ version }) => version),
    validFroms: facts.map(({ validFrom }) => validFrom),
  }
}
