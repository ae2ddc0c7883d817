import type { Stream } from '@kiroku/core/history'
import type { Engine } from '../engine/engine.ts'
import { arraysOf, encodeNative, type NativeBlock, numbersOf, stringsOf } from '../engine/native-format.ts'
import type { RunKey } from '../types.ts'
import { bucketSize } from './bucket.ts'
import { wholeLevel } from './levels.ts'
import { placeOfLevel, placeOfWholes, streamNumber } from './place.ts'
import { type BucketSink, SeriesRollup, type SeriesTraits } from './series-rollup.ts'
import { numbersOfRow, packBuckets, packedType, selectedBuckets, startsOf } from './stored-fields.ts'

/** A series of the store. */
export type StoreSeriesKey = RunKey & { stream: Stream; metric: string }

export const keyOf = ({ run, stream, metric }: StoreSeriesKey): string => `${run} ${stream} ${metric}`

/** A rollup, and the version from which on its stored buckets are of it: older ones are left over from before. */
export type KnownRollup = { rollup: SeriesRollup; validFrom: number }

/** Buckets of a series, side by side, and the level of each. */
type Gathered = { key: StoreSeriesKey; known: KnownRollup; levels: number[]; numbers: number[] }

/** Gathers the buckets of many series on their way into the store. */
export class RollupRows {
  private readonly series: Gathered[] = []
  count = 0

  /** A sink for the buckets of one series, whose open ones have to follow by `known.rollup.flush`. */
  sinkFor(key: StoreSeriesKey, known: KnownRollup): BucketSink {
    const series: Gathered = { key, known, levels: [], numbers: [] }
    this.series.push(series)
    return (level, numbers, at) => {
      series.levels.push(level)
      for (let index = 0; index < bucketSize; index++) series.numbers.push(numbers[at + index] ?? 0)
      this.count++
    }
  }

  /** The runs that they are of. */
  get runs(): Set<string> {
    return new Set(this.series.map(({ key }) => key.run))
  }

  /** Inserts them as what the points up to `version` amount to, those of one series at once. */
  async insert(engine: Engine, version: number): Promise<void> {
    const written = this.series
      .filter(({ levels }) => levels.length > 0)
      .map(({ key, known, levels, numbers }) => ({ key, known, levels, buckets: Float64Array.from(numbers) }))
    if (written.length === 0) return
    const ofWhole = (sql: string, otherwise: string): string => `if(levelItem = ${wholeLevel}, ${sql}, ${otherwise})`
    await engine.insert({
      into: `rollups (project, run, stream, metric, level, start, fields, times,
               isTimeRising, isValueRising, stepHash, openLevels, openStarts, validFrom, version)`,
      select: `project, run, CAST(stream, 'Enum8(\\'history\\' = 0, \\'system\\' = 1)'), metric, toUInt8(levelItem),
               toInt64(startItem), fieldsItem, timesItem, ${ofWhole('isTimeRising', '0')}, ${ofWhole('isValueRising', '0')},
               ${ofWhole('stepHash', '0')}, ${ofWhole('arrayMap(item -> toUInt8(item), openLevels)', '[]')},
               ${ofWhole('arrayMap(item -> toInt64(item), openStarts)', '[]')}, validFrom, version`,
      structure: `project UUID, run UUID, stream UInt8, metric String, isTimeRising UInt8, isValueRising UInt8,
                  stepHash UInt64, validFrom UInt64, version UInt64, openLevels Array(Float64), openStarts Array(Float64),
                  levels Array(Float64), starts Array(Float64),
                  packedFields ${arrayOfPacked('fields')}, packedTimes ${arrayOfPacked('times')}`,
      rest: `ARRAY JOIN levels AS levelItem, starts AS startItem, packedFields AS fieldsItem,
                        packedTimes AS timesItem`,
      chunks: encodeNative(written.length, [
        { name: 'project', type: 'UUID', values: written.map(({ key }) => key.project) },
        { name: 'run', type: 'UUID', values: written.map(({ key }) => key.run) },
        { name: 'stream', type: 'UInt8', values: written.map(({ key }) => (key.stream === 'history' ? 0 : 1)) },
        { name: 'metric', type: 'String', values: written.map(({ key }) => key.metric) },
        {
          name: 'isTimeRising',
          type: 'UInt8',
          values: written.map(({ known }) => (known.rollup.traits.timeRises ? 1 : 0)),
        },
        {
          name: 'isValueRising',
          type: 'UInt8',
          values: written.map(({ known }) => (known.rollup.traits.valueRises ? 1 : 0)),
        },
        { name: 'stepHash', type: 'UInt64', values: written.map(({ known }) => known.rollup.traits.stepHash) },
        { name: 'validFrom', type: 'UInt64', values: written.map(({ known }) => known.validFrom) },
        { name: 'version', type: 'UInt64', values: written.map(() => version) },
        {
          name: 'openLevels',
          type: 'Array(Float64)',
          pieces: written.map(({ known }) => Float64Array.from(known.rollup.openStarts(), ({ level }) => level)),
        },
        {
          name: 'openStarts',
          type: 'Array(Float64)',
          pieces: written.map(({ known }) => Float64Array.from(known.rollup.openStarts(), ({ start }) => start)),
        },
        { name: 'levels', type: 'Array(Float64)', pieces: written.map(({ levels }) => Float64Array.from(levels)) },
        { name: 'starts', type: 'Array(Float64)', pieces: written.map(({ buckets }) => startsOf(buckets)) },
        {
          name: 'packedFields',
          type: arrayOfPacked('fields'),
          pieces: written.map(({ buckets }) => packBuckets(buckets, 'fields', version)),
        },
        {
          name: 'packedTimes',
          type: arrayOfPacked('times'),
          pieces: written.map(({ buckets }) => packBuckets(buckets, 'times', version)),
        },
      ]),
    })
  }
}

const arrayOfPacked = (column: 'fields' | 'times'): `Array(FixedString(${number}))` => `Array(${packedType(column)})`

/** Reads the rollups of all series of some runs of a project, without their open buckets. */
export async function readWholes(
  engine: Engine,
  project: string,
  runs: readonly string[],
): Promise<Map<string, WholeRollup>> {
  const blocks = await engine.columns({
    sql: `SELECT toString(run) AS runKey, toString(stream) AS streamKey, CAST(metric, 'String') AS metricKey,
                 ${selectedBuckets}, isTimeRising, isValueRising, stepHash, validFrom, version,
                 arrayMap(item -> toFloat64(item), openLevels) AS levels,
                 arrayMap(item -> toFloat64(item), openStarts) AS starts
          FROM rollups FINAL
          WHERE place = ${placeOfWholes('{project:UUID}')} AND run IN {runs:Array(UUID)}`,
    parameters: { project, runs },
  })
  const wholes = new Map<string, WholeRollup>()
  for (const block of blocks) {
    const at = (name: string): ArrayLike<number> => numbersOf(block, name)
    const [runKeys, streams, metrics] = ['runKey', 'streamKey', 'metricKey'].map((name) => stringsOf(block, name))
    const [levels, starts] = [arraysOf(block, 'levels'), arraysOf(block, 'starts')]
    for (let row = 0; row < block.rows; row++) {
      const key: StoreSeriesKey = {
        project,
        run: runKeys?.[row] ?? '',
        stream: streams?.[row] === 'system' ? 'system' : 'history',
        metric: metrics?.[row] ?? '',
      }
      const version = at('version')[row] ?? 0
      // One that began at another step is left of a series that got a point before its first.
      if ((wholes.get(keyOf(key))?.version ?? -1) > version) continue
      wholes.set(keyOf(key), {
        key,
        whole: numbersOfRow(block, row),
        traits: traitsOf(block, row),
        open: Array.from(levels[row] ?? [], (level, index) => ({ level, start: starts[row]?.[index] ?? 0 })),
        validFrom: at('validFrom')[row] ?? 0,
        version,
      })
    }
  }
  return wholes
}

/**
 * A series' rollup as it is stored: the bucket of the whole, where the open ones start, and which buckets are of it: those
 * of version `validFrom` and later. It knows the points up to `version`.
 */
export type WholeRollup = {
  key: StoreSeriesKey
  whole: Float64Array
  traits: SeriesTraits
  open: { level: number; start: number }[]
  validFrom: number
  version: number
}

/** What is known of the series of a row of an answer with these columns. */
export function traitsOf(block: NativeBlock, row: number): SeriesTraits {
  return {
    timeRises: numbersOf(block, 'isTimeRising')[row] === 1,
    valueRises: numbersOf(block, 'isValueRising')[row] === 1,
    stepHash: numbersOf(block, 'stepHash')[row] ?? 0,
  }
}

/** Goes on with rollups of one project from what is stored of them. */
export async function restoreRollups(
  engine: Engine,
  project: string,
  wholes: readonly WholeRollup[],
): Promise<Map<string, KnownRollup>> {
  const open = new Map<string, Map<number, Float64Array>>()
  const wanted = wholes.flatMap(({ key, open: starts }) =>
    starts.map(({ level, start }) => ({ run: key.run, stream: key.stream, metric: key.metric, level, start })),
  )
  if (wanted.length > 0) {
    const blocks = await engine.columns({
      sql: `SELECT toString(run) AS runKey, toString(stream) AS streamKey, CAST(metric, 'String') AS metricKey,
                   level, ${selectedBuckets}
            FROM rollups FINAL
            WHERE run IN {runs:Array(UUID)} AND (place, run, start) IN (
              SELECT ${placeOfLevel('{project:UUID}', 'tupleElement(item, 4)', 'tupleElement(item, 2)', 'tupleElement(item, 3)')},
                     tupleElement(item, 1), tupleElement(item, 5)
              FROM (SELECT arrayJoin(arrayZip({seriesRuns:Array(UUID)}, {streams:Array(UInt8)},
                {metrics:Array(String)}, {levels:Array(UInt8)}, {starts:Array(Int64)})) AS item))`,
      parameters: {
        project,
        runs: [...new Set(wanted.map(({ run }) => run))],
        seriesRuns: wanted.map(({ run }) => run),
        streams: wanted.map(({ stream }) => streamNumber(stream)),
        metrics: wanted.map(({ metric }) => metric),
        levels: wanted.map(({ level }) => level),
        starts: wanted.map(({ start }) => start),
      },
    })
    for (const block of blocks) {
      const [runs, streams, metrics] = ['runKey', 'streamKey', 'metricKey'].map((name) => stringsOf(block, name))
      for (let row = 0; row < block.rows; row++) {
        const stream = streams?.[row] === 'system' ? 'system' : 'history'
        const key = keyOf({ project, run: runs?.[row] ?? '', stream, metric: metrics?.[row] ?? '' })
        const levels = open.get(key) ?? new Map<number, Float64Array>()
        levels.set(numbersOf(block, 'level')[row] ?? 0, numbersOfRow(block, row))
        open.set(key, levels)
      }
    }
  }
  return new Map(
    wholes.map(({ key, whole, traits, validFrom }) => [
      keyOf(key),
      { rollup: SeriesRollup.restored(whole, traits, open.get(keyOf(key)) ?? new Map()), validFrom },
    ]),
  )
}
