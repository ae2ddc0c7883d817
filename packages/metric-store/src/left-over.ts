import { scheduler } from 'node:timers/promises'
import * as z from 'zod'
import type { Engine } from './engine/engine.ts'

const pauseMs = 20
/** Much longer than cutting off a run takes. */
const longestMs = 15_000

/**
 * Resolves when no points are taken out any more that an earlier process had begun to take out (a rewind, a late batch):
 * ClickHouse goes on with it by itself at its start, and rollups that were filled before would be of points that then go.
 * Where it takes very long it is not waited for: who began it asks for it again, and the rollups are made anew after that.
 */
export async function untilNothingIsLeftOver(engine: Engine, signal: AbortSignal): Promise<void> {
  for (const deadline = Date.now() + longestMs; Date.now() < deadline; await scheduler.wait(pauseMs, { signal })) {
    const [left] = await engine.query({
      sql: `SELECT count() AS count FROM system.mutations
            WHERE database = currentDatabase() AND table = 'points' AND NOT is_done AND command LIKE '%_row_exists%'`,
      row: z.object({ count: z.coerce.number() }),
    })
    if (left?.count === 0) return
  }
}
