import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import type { Engine } from '../engine/engine.ts'
import type { PointColumns } from './bucket.ts'
import {
  type FreshSeries,
  listFresh,
  listSeries,
  readFresh,
  readPages,
  type SomeSeries,
  type VersionRange,
} from './fresh-points.ts'
import type { Freshness } from './freshness.ts'
import { wholeLevel } from './levels.ts'
import { SeriesRollup } from './series-rollup.ts'
import {
  type KnownRollup,
  keyOf,
  RollupRows,
  readWholes,
  restoreRollups,
  type StoreSeriesKey,
} from './stored-rollups.ts'
import type { WholeCache } from './whole-cache.ts'

/** Points that are read at once, as a rule. A series with more is read in pages. */
const pointsPerPart = 1_000_000
/** Buckets that are stored at once, as a rule: those of one series stay together. */
const bucketsPerInsert = 100_000
/** Series whose open buckets are kept in memory, some 500 bytes each. */
const maxKnownSeries = 100_000

/**
 * Fills the rollups from the points that came since the last time. A series whose points come in the order of their steps
 * is gone on with; one that got a point at or below its last step, and every series of a run that was reset, is read anew.
 */
export class Roller {
  private readonly engine: Engine
  private readonly freshness: Freshness
  private known = new Map<string, KnownRollup>()
  /** Up to where the rollups were after the last pass of this process, at which `known` is. */
  private rolledTo = 0
  private running: Promise<boolean> | undefined
  private last: Promise<unknown> = Promise.resolve()

  constructor(engine: Engine, freshness: Freshness) {
    this.engine = engine
    this.freshness = freshness
  }

  /** One pass; answers whether there was anything to do. Never two at once: a second call joins the first. */
  roll(): Promise<boolean> {
    this.running ??= this.inTurn(() => this.pass()).finally(() => {
      this.running = undefined
    })
    return this.running
  }

  /** Does `work` while no pass is under way, which could store what it removes. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work)
    this.last = result.catch(() => {})
    return result
  }

  /** Waits for a pass that is under way. */
  async quiet(): Promise<void> {
    await this.last
  }

  private async pass(): Promise<boolean> {
    const after = await this.freshness.progress()
    const safe = this.freshness.safeVersion()
    if (safe <= after || (await this.freshness.isBehind())) return false
    // Another process went on with the same series.
    if (after !== this.rolledTo) this.known.clear()
    try {
      return await this.rollTo({ after, to: safe })
    } catch (error) {
      // What was gone on with may or may not be stored: what is stored says it.
      this.known.clear()
      throw error
    }
  }

  private async rollTo(range: VersionRange): Promise<boolean> {
    const fresh = await listFresh(this.engine, range)
    const resets = await this.listResets(range)
    const to = Math.max(fresh.highest, ...resets.map(({ newest }) => newest))
    if (to <= range.after) return false
    const reset = new Set(resets.map(({ run }) => run))
    const rows = new Rows(this.engine, to, this.freshness.wholes)
    const versions = { after: range.after, to }
    for (const part of partsOf(fresh.series.filter(({ run }) => !reset.has(run))))
      await this.rollPart(part, versions, rows)
    for (const { project, run } of resets) await this.rollAnew(project, run, to, rows)
    await rows.insert()
    // A replica that came back meanwhile may have been read.
    if (await this.freshness.isBehind())
      throw new KirokuError({ code: 'UNAVAILABLE', message: 'a replica of ClickHouse has not caught up' })
    await this.freshness.advance(to)
    this.rolledTo = to
    for (const { project, run } of resets) await this.removeOld(project, run, to)
    this.forgetSome()
    return true
  }

  private listResets({ after, to }: VersionRange): Promise<{ project: string; run: string; newest: number }[]> {
    return this.engine.query({
      sql: `SELECT project, run, max(version) AS newest FROM rollup_resets
            WHERE version > {after:UInt64} AND version <= {to:UInt64} GROUP BY project, run`,
      parameters: { after, to },
      row: z.object({ project: z.string(), run: z.string(), newest: z.coerce.number() }),
    })
  }

  private async rollPart(part: Part, range: VersionRange, rows: Rows): Promise<void> {
    await this.recall(part)
    const [first] = part.series
    if (first && part.isLong) {
      await this.rollLong(first, range, rows)
      return
    }
    for (const { key, points } of await readFresh(this.engine, part, range)) {
      const known = this.known.get(keyOf(key)) ?? newRollup()
      if ((points.steps[0] ?? 0) <= known.rollup.lastStep) await this.readAnew(key, range.to, rows)
      else await this.goOn(key, known, [points], rows)
    }
  }

  private async rollLong(key: StoreSeriesKey, range: VersionRange, rows: Rows): Promise<void> {
    const known = this.known.get(keyOf(key)) ?? newRollup()
    const pages = readPages(this.engine, key, range)
    const first = await pages[Symbol.asyncIterator]().next()
    if (first.done === true) return
    if ((first.value.steps[0] ?? 0) <= known.rollup.lastStep) await this.readAnew(key, range.to, rows)
    else await this.goOn(key, known, chained(first.value, pages), rows)
  }

  private async goOn(
    key: StoreSeriesKey,
    known: KnownRollup,
    pages: Iterable<PointColumns> | AsyncIterable<PointColumns>,
    rows: Rows,
  ): Promise<void> {
    const sink = rows.sinkFor(key, known)
    for await (const points of pages) known.rollup.append(points, sink)
    known.rollup.flush(sink)
    this.known.set(keyOf(key), known)
    await rows.spill()
  }

  /** Loads the rollups of series that are stored and not known here. */
  private async recall({ project, runs, series }: Part): Promise<void> {
    const unknown = series.filter((key) => !this.known.has(keyOf(key)))
    if (unknown.length === 0) return
    const stored = await readWholes(this.engine, project, runs)
    const wholes = unknown.flatMap((key) => stored.get(keyOf(key)) ?? [])
    for (const [key, known] of await restoreRollups(this.engine, project, wholes)) this.known.set(key, known)
  }

  private async readAnew(key: StoreSeriesKey, to: number, rows: Rows): Promise<void> {
    const known = { rollup: new SeriesRollup(), validFrom: to }
    const sink = rows.sinkFor(key, known)
    for await (const page of readPages(this.engine, key, { after: 0, to })) known.rollup.append(page, sink)
    known.rollup.flush(sink)
    // The bucket of the whole says that older buckets are not valid any more, also when there are no points left.
    if (known.rollup.count === 0) sink(wholeLevel, known.rollup.whole, 0)
    this.known.set(keyOf(key), known)
    await rows.spill()
  }

  private async rollAnew(project: string, run: string, to: number, rows: Rows): Promise<void> {
    const stored = await readWholes(this.engine, project, [run])
    const series = new Map([...stored].map(([name, { key }]) => [name, key]))
    for (const key of await listSeries(this.engine, project, run)) series.set(keyOf(key), key)
    for (const key of series.values()) await this.readAnew(key, to, rows)
  }

  private async removeOld(project: string, run: string, version: number): Promise<void> {
    await this.engine.command({
      sql: 'DELETE FROM rollups WHERE project = {project:UUID} AND run = {run:UUID} AND version < {version:UInt64}',
      parameters: { project, run, version },
    })
  }

  /** Forgets the open buckets, which are in the store. */
  forget(): void {
    this.known.clear()
  }

  private forgetSome(): void {
    if (this.known.size > maxKnownSeries) this.known.clear()
  }
}

/** Buckets on their way into the store, some of them at a time. */
class Rows {
  private rows = new RollupRows()
  private readonly engine: Engine
  private readonly version: number
  private readonly wholes: WholeCache | null

  constructor(engine: Engine, version: number, wholes: WholeCache | null) {
    this.engine = engine
    this.version = version
    this.wholes = wholes
  }

  sinkFor(key: StoreSeriesKey, known: KnownRollup): ReturnType<RollupRows['sinkFor']> {
    return this.rows.sinkFor(key, known)
  }

  async spill(): Promise<void> {
    if (this.rows.count >= bucketsPerInsert) await this.insert()
  }

  async insert(): Promise<void> {
    const { rows } = this
    this.rows = new RollupRows()
    try {
      await rows.insert(this.engine, this.version)
    } finally {
      for (const run of rows.runs) this.wholes?.drop(run)
    }
  }
}

const newRollup = (): KnownRollup => ({ rollup: new SeriesRollup(), validFrom: 0 })

async function* chained<T>(first: T, rest: AsyncIterable<T>): AsyncIterable<T> {
  yield first
  yield* rest
}

/** What is read at once: all series of some runs, some metrics of one run, or one that is too long for that. */
type Part = SomeSeries & { series: FreshSeries[]; isLong: boolean }

/** Cuts the work into parts of a bounded number of points. */
function partsOf(series: readonly FreshSeries[]): Part[] {
  const sum = (some: readonly FreshSeries[]): number => some.reduce((total, { points }) => total + points, 0)
  const runs = grouped(series, ({ project, run }) => `${project} ${run}`)
  const small = runs.filter((ofRun) => sum(ofRun) <= pointsPerPart)
  const parts = inParts(small, (ofRun) => ({ group: ofRun[0]?.project ?? '', points: sum(ofRun) })).map((some) =>
    partOf(some.flat(), null),
  )
  for (const ofRun of runs.filter((some) => sum(some) > pointsPerPart)) {
    const metrics = grouped(ofRun, ({ metric }) => metric)
    const short = metrics.filter((some) => sum(some) <= pointsPerPart)
    for (const some of inParts(short, (ofMetric) => ({ group: '', points: sum(ofMetric) }))) {
      const together = some.flat()
      parts.push(partOf(together, [...new Set(together.map(({ metric }) => metric))]))
    }
    for (const long of metrics.filter((some) => sum(some) > pointsPerPart).flat())
      parts.push({ ...partOf([long], [long.metric]), isLong: true })
  }
  return parts
}

function grouped<T>(items: readonly T[], keyFor: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const others = groups.get(keyFor(item))
    if (others) others.push(item)
    else groups.set(keyFor(item), [item])
  }
  return [...groups.values()]
}

function partOf(series: FreshSeries[], metrics: string[] | null): Part {
  const runs = [...new Set(series.map(({ run }) => run))]
  return { project: series[0]?.project ?? '', runs, metrics, series, isLong: false }
}

/** Neighbours of one group together, as many as have a part's points. */
function inParts<T>(items: readonly T[], measure: (item: T) => { group: string; points: number }): T[][] {
  const parts: T[][] = []
  let total = 0
  let current: string | undefined
  for (const item of items) {
    const { group, points } = measure(item)
    const last = parts.at(-1)
    if (last && group === current && total + points <= pointsPerPart) {
      last.push(item)
      total += points
    } else {
      parts.push([item])
      total = points
      current = group
    }
  }
  return parts
}
