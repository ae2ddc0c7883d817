import * as z from 'zod'
import { openEmbeddedEngine } from './engine/embedded-engine.ts'
import { openServerEngine } from './engine/server-engine.ts'
import { insertPoints, insertTexts } from './insert.ts'
import { migrate } from './migrations.ts'
import { readPoints, readTexts } from './reads.ts'
import { readSeries } from './series/series.ts'
import type { MetricStore, MetricStoreOptions } from './types.ts'

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
    async insert(points, texts) {
      await insertPoints(engine, points)
      await insertTexts(engine, texts)
    },
    series: (request, options) => readSeries(engine, request, options?.signal),
    points: (key) => readPoints(engine, key),
    texts: (key) => readTexts(engine, key),
    async deleteRun({ project, run }) {
      for (const table of ['points', 'texts'])
        await engine.command({
          sql: `DELETE FROM ${table} WHERE project = {project:UUID} AND run = {run:UUID}`,
          parameters: { project, run },
        })
    },
    async ping() {
      await engine.query({ sql: 'SELECT 1 AS one', row: z.object({ one: z.literal(1) }) })
    },
    close: () => engine.close(),
  }
}
