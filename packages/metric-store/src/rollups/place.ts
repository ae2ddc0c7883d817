import type { Stream } from '@kiroku/core/history'
import { wholeLevel } from './levels.ts'

/**
 * Rollups are sorted by their place, a hash of what a chart's series have in common (project, level, stream and metric), then by run:
 * one number is compared where four columns would be read. The wholes of a project, of all metrics, have one place.
 */
export const placeColumn = `place UInt64 MATERIALIZED if(level = ${wholeLevel}, sipHash64(project, level),
  sipHash64(project, level, toUInt8(stream), toString(metric))) CODEC(DoubleDelta, ZSTD)`

/** The place of a project's wholes; `project` is SQL. */
export const placeOfWholes = (project: string): string => `sipHash64(${project}, toUInt8(${wholeLevel}))`

/** The place of a level of a metric, all of them SQL. */
export const placeOfLevel = (project: string, level: string, stream: string, metric: string): string =>
  `sipHash64(${project}, toUInt8(${level}), toUInt8(${stream}), toString(${metric}))`

/** A stream as it is hashed. */
export const streamNumber = (stream: Stream): number => (stream === 'history' ? 0 : 1)

/**
 * A point's series in one number, of 64 bits: project, run, stream and metric. A statement that finds its granules by the whole sorting
 * key reads this alone to tell its rows from their neighbours, which may be of another run or project and go no further. It is one number
 * over and over, which LZ4 gives back in a third of the time of any other codec, and 0.02 bytes a point more.
 */
export const seriesColumn =
  'series UInt64 MATERIALIZED sipHash64(project, run, toUInt8(stream), toString(metric)) CODEC(LZ4)'

/**
 * The same of a stored bucket, whose level is told apart too: a chart's statement finds granules by place and run, and reads neither.
 */
export const bucketSeriesColumn = `series UInt64 MATERIALIZED
  bitXor(sipHash64(project, run, toUInt8(stream), toString(metric)), toUInt64(level)) CODEC(LZ4)`

/** The hash of a series' buckets of a level. */
export const bucketHash = (series: bigint, level: number): bigint => series ^ BigInt(level)

/** The hash of a series, all of it SQL. */
export const seriesHash = (project: string, run: string, stream: string, metric: string): string =>
  `sipHash64(${project}, ${run}, toUInt8(${stream}), toString(${metric}))`
