import * as z from 'zod'
import { copyHistory, readLastTexts, removeVersion, truncateHistory } from './branch.ts'
import { insertConsole, readConsole, readWholeConsole } from './console.ts'
import { openEmbeddedEngine } from './engine/embedded-engine.ts'
import { openServerEngine } from './engine/server-engine.ts'
import { insertPoints, insertTexts } from './insert.ts'
import { migrate } from './migrations.ts'
import { readPoints } from './reads.ts'
import { readSeries } from './series/series.ts'
import { readTextMetrics, readTextSteps, readTexts } from './texts.ts'
import { readTotals } from './totals.ts'
import type { MetricStore, MetricStoreOptions } from './types.ts'
import { createUserSql } from './user-sql/user-sql.ts'

/**
 * Connects to ClickHouse and brings its tables up to date. Throws `KirokuError` UNAVAILABLE when it cannot, and CONFLICT
 * when the directory is in use.
 */
export async function openMetricStore(options: MetricStoreOptions): Promise<MetricStore> {
  const engine =
    options.kind === 'embedded' ? await openEmbeddedEngine(options.path) : await openServerEngine(options.url)
  try {
    await migrate(engine)
  } catch (cause) {
    await engine.close()
    throw cause
  }
  return {
    async insert(points, texts, lines = []) {
      await insertPoints(engine, points)
      await insertTexts(engine, texts)
      await insertConsole(engine, lines)
    },
    series: (request, options) => readSeries(engine, request, options?.signal),
    points: (key) => readPoints(engine, key),
    texts: (query) => readTexts(engine, query),
    textMetrics: (key) => readTextMetrics(engine, key),
    textSteps: (query) => readTextSteps(engine, query),
    console: (key, query) => readConsole(engine, key, query),
    wholeConsole: (key) => readWholeConsole(engine, key),
    async deleteRun({ project, run }) {
      for (const table of ['points', 'texts', 'console'])
        await engine.command({
          sql: `DELETE FROM ${table} WHERE project = {project:UUID} AND run = {run:UUID}`,
          parameters: { project, run },
        })
    },
    sql: createUserSql(engine, options.kind),
    totals: (request) => readTotals(engine, request),
    lastTexts: (key) => readLastTexts(engine, key),
    truncate: (key, step) => truncateHistory(engine, key, step),
    copy: (from, to, step) => copyHistory(engine, from, to, step),
    removeVersion: (key, version) => removeVersion(engine, key, version),
    async ping() {
      await engine.query({ sql: 'SELECT 1 AS one', row: z.object({ one: z.literal(1) }) })
    },
    close: () => engine.close(),
  }
}
