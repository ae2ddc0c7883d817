import * as z from 'zod'
import { copyHistory, readLastTexts, removeVersion, truncateHistory } from './branch.ts'
import { insertConsole, readConsole, readWholeConsole, readWriterConsole } from './console.ts'
import { openClusterEngine } from './engine/cluster-engine.ts'
import { openEmbeddedEngine } from './engine/embedded-engine.ts'
import type { Engine } from './engine/engine.ts'
import { openServerEngine } from './engine/server-engine.ts'
import { eraseProject, eraseRuns } from './erase.ts'
import { readGroups } from './groups/read-groups.ts'
import { insertPoints, insertTexts } from './insert.ts'
import { untilNothingIsLeftOver } from './left-over.ts'
import { readMeasures } from './measures/read-measures.ts'
import { migrate } from './migrations.ts'
import { readPoints } from './reads.ts'
import { checkRollups } from './rollups/check-rollups.ts'
import { Freshness } from './rollups/freshness.ts'
import { Roller } from './rollups/roller.ts'
import { readRows } from './rows.ts'
import { loggedTables, rollupTables } from './run-tables.ts'
import { readSeries } from './series/series.ts'
import { readTextCounts } from './text-counts.ts'
import { readTextMetrics, readTextSteps, readTexts } from './texts.ts'
import { readTotals } from './totals.ts'
import type { EraseOptions, MetricStore, MetricStoreOptions, PointBlock, RunKey } from './types.ts'
import { readBytesPerPoint, readContents } from './usage.ts'
import { createUserSql } from './user-sql/user-sql.ts'

/** Longer than an insert may take, and clocks of servers that share a ClickHouse may differ. */
const defaultLagMs = 180_000

/**
 * Connects to ClickHouse and brings its tables up to date. Throws `KirokuError` UNAVAILABLE when it cannot, and CONFLICT
 * when the directory is in use.
 */
export async function openMetricStore(options: MetricStoreOptions): Promise<MetricStore> {
  const engine = await openMigrated(options)
  let freshness: Freshness
  try {
    freshness =
      options.kind === 'embedded'
        ? await Freshness.read(engine, null)
        : await Freshness.read(engine, options.rollupLagMs ?? defaultLagMs, options.now)
  } catch (cause) {
    await engine.close()
    throw cause
  }
  const roller = new Roller(engine, freshness)
  const closing = new AbortController()
  const isReady =
    options.kind === 'embedded' ? untilNothingIsLeftOver(engine, closing.signal).catch(() => {}) : Promise.resolve()
  /** Changes what a run has otherwise than by newer points, after which its rollups are made anew. */
  const resetting = async (key: RunKey, change: () => Promise<void>): Promise<void> => {
    const settle = await freshness.reset(key)
    await change().finally(settle)
  }
  /** Points that the rollups would pass over, as they come with a version from before, have them made anew. */
  const insertNoted = async (points: readonly PointBlock[]): Promise<void> => {
    const passed = points.filter(({ version }) => freshness.isPassed(version))
    const settles = [freshness.begin(points)]
    try {
      for (const { project, run } of passed) settles.push(await freshness.reset({ project, run }))
      await insertPoints(engine, points)
    } finally {
      for (const settle of settles) settle()
    }
  }

  /** Removes rollups while none are filled, which could be of what is removed. */
  const forgetting = (erase: () => Promise<void>, { whileNoneRolls = (work) => work() }: EraseOptions): Promise<void> =>
    whileNoneRolls(() =>
      roller.inTurn(async () => {
        roller.forget()
        await erase().finally(() => freshness.wholes?.clear())
      }),
    )
  const deleteRuns = async (keys: readonly RunKey[], options: EraseOptions = {}): Promise<void> => {
    await eraseRuns(engine, keys, loggedTables, options.signal)
    await forgetting(() => eraseRuns(engine, keys, rollupTables, options.signal), options)
  }

  return {
    async insert(points, texts, lines = []) {
      if (points.length > 0) await insertNoted(points)
      await insertTexts(engine, texts)
      await insertConsole(engine, lines)
    },
    async roll() {
      await isReady
      return roller.roll()
    },
    groups: (request, options) => readGroups(engine, freshness, request, options?.signal),
    measures: (request, options) => readMeasures(engine, freshness, request, options?.signal),
    checkRollups: () => checkRollups(engine, freshness),
    async series(request, options) {
      const missing = new Set<number>()
      const answer = await readSeries(
        engine.leavingOut((shard) => missing.add(shard)),
        freshness,
        request,
        options?.signal,
      )
      return missing.size === 0 ? answer : { ...answer, missingShards: [...missing].sort((a, b) => a - b) }
    },
    points: (query) => readPoints(engine, query),
    rows: (query) => readRows(engine, query),
    textCounts: (request) => readTextCounts(engine, request),
    texts: (query) => readTexts(engine, query),
    textMetrics: (key) => readTextMetrics(engine, key),
    textSteps: (query) => readTextSteps(engine, query),
    console: (key, query) => readConsole(engine, key, query),
    wholeConsole: (key) => readWholeConsole(engine, key),
    writerConsole: (key) => readWriterConsole(engine, key),
    deleteRun: (key) => deleteRuns([key]),
    deleteRuns: (keys, options) => deleteRuns(keys, options),
    async deleteProject(project, options = {}) {
      await eraseProject(engine, project, loggedTables, options.signal)
      await forgetting(() => eraseProject(engine, project, rollupTables, options.signal), options)
    },
    contents: (projects, by) => readContents(engine, projects, by),
    bytesPerPoint: () => readBytesPerPoint(engine),
    sql: createUserSql(engine, engine.gather === null ? options.kind : 'cluster'),
    totals: (request) => readTotals(engine, request),
    lastTexts: (key) => readLastTexts(engine, key),
    truncate: (key, step) => resetting(key, () => truncateHistory(engine, key, step)),
    copy: (from, to, step) => resetting({ project: from.project, run: to }, () => copyHistory(engine, from, to, step)),
    removeVersion: (key, version) => resetting(key, () => removeVersion(engine, key, version)),
    freeze: (atCut) => engine.freeze(atCut),
    async ping() {
      await engine.query({ sql: 'SELECT 1 AS one', row: z.object({ one: z.literal(1) }) })
    },
    async close() {
      closing.abort()
      await isReady
      await roller.quiet()
      await engine.close()
    },
  }
}

async function openMigrated(options: MetricStoreOptions): Promise<Engine> {
  if (options.kind === 'server' && options.cluster !== undefined) return openClusterEngine(options.url, options.cluster)
  const engine =
    options.kind === 'embedded' ? await openEmbeddedEngine(options.path) : await openServerEngine(options.url)
  try {
    await migrate(engine)
  } catch (cause) {
    await engine.close()
    throw cause
  }
  return engine
}
