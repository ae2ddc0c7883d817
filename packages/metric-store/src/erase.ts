import { scheduler } from 'node:timers/promises'
import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import type { Engine, Parameters } from './engine/engine.ts'
import type { runTables } from './run-tables.ts'
import type { RunKey } from './types.ts'

/** How many runs a statement names, at most. */
const runsPerStatement = 1000
type Tables = readonly (typeof runTables)[number][]

const firstPauseMs = 20
const longestPauseMs = 1000

/**
 * Removes all rows of many runs from some tables and resolves when no part in use holds them; an abort ends only the waiting. The rest of each
 * part that had them is written anew, so many runs at once cost what one costs. Doing it again changes nothing.
 */
export async function eraseRuns(
  engine: Engine,
  runs: readonly RunKey[],
  tables: Tables,
  signal?: AbortSignal,
): Promise<void> {
  for (let from = 0; from < runs.length; from += runsPerStatement) {
    const some = runs.slice(from, from + runsPerStatement)
    await erase(
      engine,
      'project IN {projects:Array(UUID)} AND run IN {runs:Array(UUID)}',
      {
        projects: [...new Set(some.map(({ project }) => project))],
        runs: some.map(({ run }) => run),
      },
      tables,
      signal,
    )
  }
}

/** Removes all rows of a project, as `eraseRuns` does those of runs. */
export function eraseProject(engine: Engine, project: string, tables: Tables, signal?: AbortSignal): Promise<void> {
  return erase(engine, 'project = {project:UUID}', { project }, tables, signal)
}

/**
 * Has ClickHouse write parts anew without the rows. It does so beside inserts and queries, keeps the task over a restart,
 * and is only asked here how far it is, so that no connection stands still meanwhile.
 */
async function erase(
  engine: Engine,
  where: string,
  parameters: Parameters,
  tables: Tables,
  signal?: AbortSignal,
): Promise<void> {
  for (const table of tables) {
    await engine.upkeep({ sql: `ALTER TABLE ${table} DELETE WHERE ${where} SETTINGS mutations_sync = 0`, parameters })
    await untilErased(engine, table, signal)
  }
}

const taskSchema = z.object({ id: z.string(), failure: z.string() })

async function untilErased(engine: Engine, table: string, signal?: AbortSignal): Promise<void> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    const tasks = await engine.query({
      sql: `SELECT mutation_id AS id, latest_fail_reason AS failure FROM system.mutations
            WHERE database = currentDatabase() AND table = {table:String} AND NOT is_done`,
      parameters: { table },
      row: taskSchema,
      isOfServers: true,
      signal,
    })
    if (tasks.length === 0) return
    const failed = tasks.find(({ failure }) => failure !== '')
    if (failed)
      throw new KirokuError({ code: 'UNAVAILABLE', message: `rows of ${table} cannot be removed: ${failed.failure}` })
    await scheduler.wait(pauseMs, signal && { signal }).catch(() => {
      throw new KirokuError({ code: 'UNAVAILABLE', message: 'ClickHouse goes on with removing rows by itself' })
    })
  }
}
