import * as z from 'zod'
import { copyHistory, readLastTexts, removeVersion, truncateHistory } from './branch.ts'
import { insertConsole, readConsole, readWholeConsole } from './console.ts'
import { openEmbeddedEngine } from './engine/embedded-engine.ts'
import { openServerEngine } from './engine/server-engine.ts'
import { readGroups } from './groups/read-groups.ts'
import { insertPoints, insertTexts } from './insert.ts'
import { readMeasures } from './measures/read-measures.ts'
import { migrate } from './migrations.ts'
import { readPoints } from './reads.ts'
import { Freshness } from './rollups/freshness.ts'
import { Roller } from './rollups/roller.ts'
import { readSeries } from './series/series.ts'
import { readTextMetrics, readTextSteps, readTexts } from './texts.ts'
import { readTotals } from './totals.ts'
import type { MetricStore, MetricStoreOptions, PointBlock, RunKey } from './types.ts'

/** Longer than an insert may take, and clocks of servers that share a ClickHouse may differ. */
const defaultLagMs = 180_000

/**
 * Connects to ClickHouse and brings its tables up to date. Throws `KirokuError` UNAVAILABLE when it cannot, and CONFLICT
 * when the directory is in use.
 */
export async function openMetricStore(options: MetricStoreOptions): Promise<MetricStore> {
  const engine =
    options.kind === 'embedded' ? await openEmbeddedEngine(options.path) : await openServerEngine(options.url)
  let freshness: Freshness
  try {
    await migrate(engine)
    freshness = await Freshness.read(engine, options.kind === 'embedded' ? null : (options.rollupLagMs ?? defaultLagMs))
  } catch (cause) {
    await engine.close()
    throw cause
  }
  const roller = new Roller(engine, freshness)
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

  return {
    async insert(points, texts, lines = []) {
      if (points.length > 0) await insertNoted(points)
      await insertTexts(engine, texts)
      await insertConsole(engine, lines)
    },
    roll: () => roller.roll(),
    series: (request, options) => readSeries(engine, freshness, request, options?.signal),
    groups: (request, options) => readGroups(engine, freshness, request, options?.signal),
    measures: (request, options) => readMeasures(engine, freshness, request, options?.signal),
    points: (key) => readPoints(engine, key),
    texts: (query) => readTexts(engine, query),
    textMetrics: (key) => readTextMetrics(engine, key),
    textSteps: (query) => readTextSteps(engine, query),
    console: (key, query) => readConsole(engine, key, query),
    wholeConsole: (key) => readWholeConsole(engine, key),
    async deleteRun({ project, run }) {
      freshness.wholes?.drop(run)
      for (const table of ['points', 'rollups', 'rollup_resets', 'texts', 'console'])
        await engine.command({
          sql: `DELETE FROM ${table} WHERE project = {project:UUID} AND run = {run:UUID}`,
          parameters: { project, run },
        })
    },
    totals: (request) => readTotals(engine, request),
    lastTexts: (key) => readLastTexts(engine, key),
    truncate: (key, step) => resetting(key, () => truncateHistory(engine, key, step)),
    copy: (from, to, step) => resetting({ project: from.project, run: to }, () => copyHistory(engine, from, to, step)),
    removeVersion: (key, version) => resetting(key, () => removeVersion(engine, key, version)),
    async ping() {
      await engine.query({ sql: 'SELECT 1 AS one', row: z.object({ one: z.literal(1) }) })
    },
    async close() {
      await roller.quiet()
      await engine.close()
    },
  }
}
