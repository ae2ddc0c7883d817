import type { XAxis } from '@kiroku/core/axes'
import type { ConsoleLine, MetricColumn, Stream } from '@kiroku/core/history'
import type { Measured } from '@kiroku/core/measures'
import type { TextMetric } from '@kiroku/core/queries'
import type { BucketSeries, PackedSeries, PointSeries } from '@kiroku/core/series'
import type { SqlAnswer } from '@kiroku/core/sql'
import type { WireValue } from '@kiroku/core/values'
import type { CountedMetric, CountedRequest, LastText } from './counted-types.ts'
import type { StoreGroupsAnswer, StoreGroupsRequest } from './groups/group-types.ts'
import type { StoreMeasuresRequest } from './measures/read-measures.ts'
import type { RollupCheck } from './rollups/check-rollups.ts'
import type { TextCount } from './text-counts.ts'
import type { UserQuery } from './user-sql/types.ts'

/**
 * Where ClickHouse is: in this process over a directory that it alone owns, or a server over HTTP. With `cluster` it is all
 * shards of the cluster that the server knows by this name. Other processes may write to a server: points enter its rollups
 * when they are `rollupLagMs` old by their version, read as unix microseconds of the clock `now`.
 */
export type MetricStoreOptions =
  | { kind: 'embedded'; path: string }
  | {
      kind: 'server'
      url: string
      cluster?: string | undefined
      rollupLagMs?: number | undefined
      now?: (() => number) | undefined
    }

/** A run by UUIDs in canonical text. The caller has made sure that it may be read or written. */
export type RunKey = { project: string; run: string }

/**
 * Points of one run and stream, in columns: one element a row in `steps` (whole) and `times` (unix milliseconds, kept
 * whole), and each metric's rows and values. `version` is the order of arrival, whole, above 0 and below 2^53: of points with the
 * same run, stream, metric and step the highest stands, and within a block the last row.
 */
export type PointBlock = RunKey & {
  stream: Stream
  version: number
  steps: Float64Array
  times: Float64Array
  metrics: readonly MetricColumn[]
}

/** A history value that is not a number. Of texts with the same run, metric and step the highest `version` stands. */
export type StoredText = RunKey & { version: number; metric: string; step: number; time: number; value: WireValue }

/**
 * Which texts of a run: of one metric or of all, from step `from` to step `to`, both included; all when left out. `order` says
 * which come when there are more than `limit`: those of the first or of the last steps, `last` when it is left out.
 */
export type TextQuery = RunKey & {
  metric?: string | undefined
  from?: number | undefined
  to?: number | undefined
  limit?: number | undefined
  order?: 'first' | 'last' | undefined
}

/**
 * A line that a run printed. `writer` is the UUID of the process, `label` its name in a shared run. Of lines with the same
 * run, writer and number the highest `version` stands.
 */
export type StoredLine = RunKey & Omit<ConsoleLine, 'seq'> & { version: number; writer: string; label: string | null }

/** Which lines of a run: those from the `from`th on that show `search`, without regard to case, and are of `label`. */
export type ConsoleQuery = { from: number; limit: number; search?: string | undefined; label?: string | undefined }

/** Some lines, how many match in all, and the labels of all that printed, sorted. */
export type ConsolePart = { lines: StoredLine[]; total: number; labels: string[] }

/** One metric of one run. */
export type SeriesKey = { run: string; metric: string; stream: Stream }

/** Which points of a series: all of them, or the first `limit` after the step `after`. */
export type PointQuery = RunKey & Omit<SeriesKey, 'run'> & { after?: number | undefined; limit?: number | undefined }

/** A stretch of a run's life that began at `startedAt` (unix milliseconds), when it had run for `runtimeBeforeMs`. */
export type Segment = { startedAt: number; runtimeBeforeMs: number }

/**
 * A series to read on an x axis. `relative` is the time that its run had run for: a point is in the last of the run's
 * `segments`, sorted by their start, that had begun at its time, or in the first of all.
 */
export type RequestedSeries = SeriesKey & { x: XAxis; segments: readonly Segment[] }

/** Many series of one project: the visible range of x (all of it when left out) and the plot's width in pixels. */
export type StoreSeriesRequest = {
  project: string
  width: number
  range?: { from: number; to: number } | undefined
  series: readonly RequestedSeries[]
  /** Whether points over steps come with their times; they do when it is left out. */
  times?: boolean | undefined
}

/** A series as `@kiroku/core/series` describes it, with `run` as the UUID that was asked for. */
export type StoredSeries = PointSeries | BucketSeries | PackedSeries

/**
 * The series in the order asked for, and the range of x that they were cut over; null without points. `missingShards` are
 * those of a cluster that did not answer: the series of their runs have no points here.
 */
export type StoreSeriesAnswer = {
  range: { from: number; to: number } | null
  series: StoredSeries[]
  missingShards?: readonly number[]
}

/** Some points of one series in columns, sorted by step: one element a point. Times are unix milliseconds. */
export type PointChunk = {
  steps: Float64Array<ArrayBuffer>
  times: Float64Array<ArrayBuffer>
  values: Float64Array<ArrayBuffer>
}

/**
 * Texts and lines of a run, or of a project when `run` is null. Counts are exact. Bytes on disk are an estimate: the length
 * of what is stored, times what ClickHouse makes of all texts, or all lines, together.
 */
export type StoredContents = {
  project: string
  run: string | null
  textCount: number
  textBytes: number
  lineCount: number
  lineBytes: number
}

/** A file of frozen tables: its path below a directory of ClickHouse, with slashes, and where its bytes are. */
export type FrozenFile = { path: string; source: string; size: number }

/**
 * All tables as they were at one moment: files that, laid below an empty directory, are a ClickHouse directory. They stay
 * as they are until `release`. `heldMs` is how long writes were held back.
 */
export type FrozenTables = { files: readonly FrozenFile[]; heldMs: number; release(): Promise<void> }

/**
 * How to erase. `whileNoneRolls` does its work while no other process of those that share the store fills rollups, which could be
 * of what is erased; left out where there is no other.
 */
export type EraseOptions = {
  signal?: AbortSignal | undefined
  whileNoneRolls?: ((work: () => Promise<void>) => Promise<void>) | undefined
}

/**
 * Which rows of one stream of a run: of the steps from `from` to `to`, both included; those that have all of `metrics`, with these
 * alone, or all rows with all that they have. With `sample`, of more rows so many, evenly spread, the first and the last
 * among them. More values than `maxValues` are refused.
 */
export type RowQuery = RunKey & {
  stream: Stream
  metrics?: readonly string[] | undefined
  from?: number | undefined
  to?: number | undefined
  sample?: number | undefined
  maxValues: number
}

/** What was logged at one step: numbers as they are, all else in wire form. `time` is unix milliseconds. */
export type StoredRow = { step: number; time: number; numbers: Map<string, number>; texts: Map<string, WireValue> }

/** Points, texts and console lines of all runs. Every call may throw the `KirokuError`s that `Engine` names. */
export type MetricStore = {
  /** Stores points, texts and console lines; resolves when they are on disk. Storing the same again changes nothing. */
  insert(
    points: readonly PointBlock[],
    texts: readonly StoredText[],
    lines?: readonly StoredLine[] | undefined,
  ): Promise<void>
  /**
   * Brings the rollups up to the points that are in; answers whether there was anything to do. To be called again and again,
   * in one process of all that share the store. Series are right without it, but cost what their points cost.
   */
  roll(): Promise<boolean>
  /** Counts all series anew from their points, as far as the rollups are, and compares. For a store that nobody writes to. */
  checkRollups(): Promise<RollupCheck>
  /** The series of a chart, exact or in buckets. An abort frees the caller. */
  series(request: StoreSeriesRequest, options?: { signal?: AbortSignal }): Promise<StoreSeriesAnswer>
  /**
   * Figures of groups of runs over a metric, by equal buckets of x, aggregated in ClickHouse. A point counts in the bucket of
   * its x, or less than half a bucket beside it where a group is not exact; no point is left out.
   */
  groups(request: StoreGroupsRequest, options?: { signal?: AbortSignal }): Promise<StoreGroupsAnswer>
  /** For each run, in the order asked for, each measure of its history; null where there is no such point. */
  measures(request: StoreMeasuresRequest, options?: { signal?: AbortSignal }): Promise<(Measured | null)[][]>
  /** Points of one series, sorted by step, in chunks of bounded size. */
  points(query: PointQuery): AsyncIterable<PointChunk>
  /** Rows of a run as they were logged, by step. Throws TOO_LARGE for too many values. */
  rows(query: RowQuery): Promise<StoredRow[]>
  /** How many texts these runs have, by metric; sorted by both. */
  textCounts(request: { project: string; runs: readonly string[] }): Promise<TextCount[]>
  /** Texts of a run, sorted by metric, then step. */
  texts(query: TextQuery): Promise<StoredText[]>
  /** Which metrics of a run have texts, and over which steps; sorted by metric. */
  textMetrics(key: RunKey): Promise<TextMetric[]>
  /** The steps at which a run has texts of a metric, ascending; of more than `limit` the last. */
  textSteps(query: RunKey & { metric: string; limit: number }): Promise<number[]>
  /** Lines that a run printed, by time, then writer and number. */
  console(key: RunKey, query: ConsoleQuery): Promise<ConsolePart>
  /** All lines that a run printed, in the same order, in chunks of bounded size. */
  wholeConsole(key: RunKey): AsyncIterable<StoredLine[]>
  /** All lines of one writer of a run, by number, in chunks of bounded size. */
  writerConsole(key: RunKey & { writer: string }): AsyncIterable<StoredLine[]>
  /** Removes all points, texts and lines of a run. */
  /** Removes everything of a run, as `deleteRuns` does. */
  deleteRun(key: RunKey): Promise<void>
  /**
   * Removes everything of runs, and resolves when no part in use holds it; ClickHouse takes the parts that did from the disk
   * within minutes. Parts are written anew for it, so many runs at once cost what one costs. Again changes nothing. An
   * abort ends the waiting and throws UNAVAILABLE; the rows go all the same.
   */
  deleteRuns(keys: readonly RunKey[], options?: EraseOptions): Promise<void>
  /** Removes everything of a project, as `deleteRuns` does. */
  deleteProject(project: string, options?: EraseOptions): Promise<void>
  /** What texts and lines of these projects take, by project or by run; one that has neither is left out. */
  contents(projects: readonly string[], by: 'project' | 'run'): Promise<StoredContents[]>
  /** How many bytes on disk a point takes at the mean over all runs, with what is kept beside points; 0 without points. */
  bytesPerPoint(): Promise<number>
  /** Counts metrics of a run from their points. A metric without points is left out. */
  totals(request: CountedRequest): Promise<CountedMetric[]>
  /** The text of the highest step of each metric of a run, `null` passed over; sorted by metric. */
  lastTexts(key: RunKey): Promise<LastText[]>
  /** Removes points of the history stream and texts beyond a step. Again changes nothing. */
  truncate(key: RunKey, step: number): Promise<void>
  /** Copies points of the history stream and texts up to a step to the run `to` of the project. Again changes nothing. */
  copy(from: RunKey, to: string, step: number): Promise<void>
  /** Removes points of the history stream and texts that arrived as `version`. */
  removeVersion(key: RunKey, version: number): Promise<void>
  /**
   * Runs one SELECT that a user wrote, over one project, within `sqlLimits`. Throws BAD_REQUEST of one line for a query that is refused or
   * wrong, with its place in the `details`, TOO_LARGE at a limit, TOO_MANY_REQUESTS when too many wait. An abort frees the
   * caller and stops the query.
   */
  sql(query: UserQuery, options?: { signal?: AbortSignal }): Promise<SqlAnswer>
  /**
   * Holds back all writes, calls `atCut` while nothing changes, and freezes all tables as they are then, by hard links.
   * Embedded only: throws BAD_REQUEST where ClickHouse is a server.
   */
  freeze(atCut: () => Promise<void>): Promise<FrozenTables>
  /** Throws when the engine does not answer. */
  ping(): Promise<void>
  /** Waits for what is under way and lets go of the engine. */
  close(): Promise<void>
}
