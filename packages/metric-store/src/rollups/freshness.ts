import * as z from 'zod'
import type { Engine } from '../engine/engine.ts'
import type { RunKey } from '../types.ts'
import { WholeCache } from './whole-cache.ts'

/** What the rollups know of some runs: all points up to version `rolled`, but for runs that were reset after it. */
export type Look = { rolled: number; isFresh(run: string): boolean; isReset(run: string): boolean }

/** Tells that what it was given for is over. */
export type Settle = () => void

/**
 * How far the rollups are behind the points: they know every point up to version `rolled`, and `rolled` never passes the
 * version of points that are still on their way in. With `lagMs` null this process is the only one that writes; otherwise
 * others do too, and points count as on their way in for that long, in milliseconds by the clock that versions are of.
 */
export class Freshness {
  private readonly engine: Engine
  private readonly lagMs: number | null
  private readonly now: () => number
  private rolled = 0
  private newest = 0
  /** Up to here a pass may be under way. */
  private promised = 0
  private readonly underWay = new Set<{ version: number }>()
  private latest = new Map<string, number>()
  private resets = new Map<string, number>()
  /** Null where another process may store other rollups. */
  readonly wholes: WholeCache | null

  private constructor(engine: Engine, lagMs: number | null, now: () => number) {
    this.engine = engine
    this.lagMs = lagMs
    this.now = now
    this.wholes = lagMs === null ? new WholeCache() : null
  }

  /** Reads how far an earlier process came. `now` is the clock of the versions. */
  static async read(engine: Engine, lagMs: number | null, now: () => number = Date.now): Promise<Freshness> {
    const freshness = new Freshness(engine, lagMs, now)
    freshness.rolled = await readProgress(engine)
    freshness.newest = freshness.rolled
    if (lagMs !== null) return freshness
    for (const { run, newest } of await engine.query({ sql: newestSql('points'), ...since(freshness.rolled) }))
      freshness.note(freshness.latest, run, newest)
    for (const { run, newest } of await engine.query({ sql: newestSql('rollup_resets'), ...since(freshness.rolled) }))
      freshness.note(freshness.resets, run, newest)
    return freshness
  }

  private note(versions: Map<string, number>, run: string, version: number): void {
    versions.set(run, Math.max(versions.get(run) ?? 0, version))
    this.newest = Math.max(this.newest, version)
  }

  /** Must be called before points are inserted, and what it answers when they are in, or when it failed. */
  begin(points: readonly { run: string; version: number }[]): Settle {
    for (const { run, version } of points) this.note(this.latest, run, version)
    return this.enter(Math.min(...points.map(({ version }) => version)))
  }

  /** Whether the rollups may not see points of this version any more: the clock that versions are of went back. */
  isPassed(version: number): boolean {
    return version <= Math.max(this.rolled, this.promised)
  }

  /**
   * Has the rollups of a run made anew from its points, which are about to change otherwise than by an insert of newer ones.
   * Must be called before that, and what it answers when it is done. Kept in the store, so that a crash does not lose it.
   */
  async reset({ project, run }: RunKey): Promise<Settle> {
    const version = Math.max(this.newest + 1, this.lagMs === null ? 0 : Math.floor(this.now() * 1000))
    this.note(this.resets, run, version)
    const settle = this.enter(version)
    try {
      await this.engine.command({
        sql: 'INSERT INTO rollup_resets (project, run, version) SELECT {project:UUID}, {run:UUID}, {version:UInt64}',
        parameters: { project, run, version },
      })
      return settle
    } catch (error) {
      settle()
      throw error
    }
  }

  private enter(version: number): Settle {
    const entry = { version }
    this.underWay.add(entry)
    return () => this.underWay.delete(entry)
  }

  /** Up to which version all points are in. */
  safeVersion(): number {
    const below = Math.min(...[...this.underWay].map(({ version }) => version)) - 1
    const safe = Math.min(below, this.lagMs === null ? this.newest : Math.floor((this.now() - this.lagMs) * 1000))
    this.promised = Math.max(this.promised, safe)
    return safe
  }

  /**
   * Whether what is read now may lack points up to `safeVersion`. Points count as on their way in for six times as long as a
   * replica may be behind, so that the time that an insert takes lies between.
   */
  async isBehind(): Promise<boolean> {
    return this.lagMs !== null && (await this.engine.isBehind(this.lagMs / 6))
  }

  /** How far the rollups are. */
  async progress(): Promise<number> {
    if (this.lagMs !== null) this.rolled = await readProgress(this.engine)
    return this.rolled
  }

  /** Remembers, here and in the store, that the rollups know all points up to a version. */
  async advance(version: number): Promise<void> {
    await this.engine.command({
      sql: 'INSERT INTO rollup_progress (id, version) SELECT 0, {version:UInt64}',
      parameters: { version },
    })
    this.rolled = version
    this.newest = Math.max(this.newest, version)
    for (const versions of [this.latest, this.resets])
      for (const [run, latest] of versions) if (latest <= version) versions.delete(run)
  }

  /** How the rollups of some runs of a project stand, by what `engine` answers. Read it before the rollups themselves. */
  async look(engine: Engine, project: string, runs: readonly string[]): Promise<Look> {
    if (this.lagMs === null)
      return {
        rolled: this.rolled,
        isFresh: (run) => this.latest.has(run),
        isReset: (run) => this.resets.has(run),
      }
    const rolled = await this.progress()
    const rows = await engine.query({
      sql: `SELECT run, max(version) AS newest FROM rollup_resets
            WHERE project = {project:UUID} AND run IN {runs:Array(UUID)} AND version > {rolled:UInt64} GROUP BY run`,
      parameters: { project, runs, rolled },
      row: newestSchema,
    })
    const reset = new Set(rows.map(({ run }) => run))
    return { rolled, isFresh: () => true, isReset: (run) => reset.has(run) }
  }
}

const newestSchema = z.object({ run: z.string(), newest: z.coerce.number() })
const newestSql = (table: 'points' | 'rollup_resets'): string =>
  `SELECT run, max(version) AS newest FROM ${table} WHERE version > {rolled:UInt64} GROUP BY run`
const since = (rolled: number) => ({ parameters: { rolled }, row: newestSchema })

async function readProgress(engine: Engine): Promise<number> {
  const [row] = await engine.query({
    sql: 'SELECT max(version) AS version FROM rollup_progress',
    row: z.object({ version: z.coerce.number() }),
  })
  return row?.version ?? 0
}
