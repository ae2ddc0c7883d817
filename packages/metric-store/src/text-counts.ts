import * as z from 'zod'
import type { Engine } from './engine/engine.ts'

/** How many texts a run has of a metric. */
export type TextCount = { run: string; metric: string; count: number }

const countRowSchema = z.object({ runKey: z.string(), name: z.string(), found: z.coerce.number() })

/** How many texts these runs of a project have, by metric. */
export async function readTextCounts(
  engine: Engine,
  { project, runs }: { project: string; runs: readonly string[] },
): Promise<TextCount[]> {
  if (runs.length === 0) return []
  const rows = await engine.query({
    sql: `SELECT toString(run) AS runKey, CAST(metric, 'String') AS name, count() AS found FROM texts FINAL
          WHERE project = {project:UUID} AND run IN {runs:Array(UUID)} GROUP BY runKey, name ORDER BY runKey, name`,
    parameters: { project, runs },
    row: countRowSchema,
  })
  return rows.map(({ runKey, name, found }) => ({ run: runKey, metric: name, count: found }))
}
