import { wireValueSchema } from '@kiroku/core/values'
import * as z from 'zod'
import type { LastText } from './counted-types.ts'
import type { Engine } from './engine/engine.ts'
import type { RunKey } from './types.ts'

/** Removes what a run logged beyond a step: points of its history and texts. Doing it again changes nothing. */
export async function truncateHistory(engine: Engine, { project, run }: RunKey, step: number): Promise<void> {
  for (const [table, only] of [
    ['points', "AND stream = 'history'"],
    ['texts', ''],
  ] as const)
    await engine.command({
      sql: `DELETE FROM ${table} WHERE project = {project:UUID} AND run = {run:UUID} ${only} AND step > {step:Int64}`,
      parameters: { project, run, step },
    })
}

/**
 * Copies what a run logged up to a step, points of its history and texts, to another run of the project. Doing it again
 * changes nothing: a point keeps its version.
 */
export async function copyHistory(engine: Engine, from: RunKey, to: string, step: number): Promise<void> {
  const parameters = { project: from.project, run: from.run, to, step }
  const where = 'WHERE project = {project:UUID} AND run = {run:UUID} AND step <= {step:Int64}'
  await engine.command({
    sql: `INSERT INTO ${engine.spread('points')} (project, run, stream, metric, step, time, value, version)
          SELECT project, {to:UUID}, stream, metric, step, time, value, version FROM points FINAL
          ${where} AND stream = 'history'`,
    parameters,
  })
  await engine.command({
    sql: `INSERT INTO ${engine.spread('texts')} (project, run, metric, step, time, value, version)
          SELECT project, {to:UUID}, metric, step, time, value, version FROM texts FINAL ${where}`,
    parameters,
  })
}

/** Removes the points and texts of a run that arrived as `version`, of its history. */
export async function removeVersion(engine: Engine, { project, run }: RunKey, version: number): Promise<void> {
  for (const [table, only] of [
    ['points', "AND stream = 'history'"],
    ['texts', ''],
  ] as const)
    await engine.command({
      sql: `DELETE FROM ${table} WHERE project = {project:UUID} AND run = {run:UUID} ${only} AND version = {version:UInt64}`,
      parameters: { project, run, version },
    })
}

const lastTextSchema = z.object({
  metric: z.string(),
  lastStep: z.coerce.number(),
  lastTime: z.coerce.number(),
  lastValue: z.string().transform((text) => wireValueSchema.parse(JSON.parse(text))),
})

/** The text of the highest step of each metric of a run, `null` passed over. */
export async function readLastTexts(engine: Engine, { project, run }: RunKey): Promise<LastText[]> {
  const rows = await engine.query({
    sql: `SELECT metric, max(step) AS lastStep, argMax(time, step) AS lastTime, argMax(value, step) AS lastValue
          FROM (SELECT metric, step, time, value FROM texts FINAL
                WHERE project = {project:UUID} AND run = {run:UUID}) WHERE value != 'null'
          GROUP BY metric ORDER BY metric`,
    parameters: { project, run },
    row: lastTextSchema,
  })
  return rows.map(({ metric, lastStep, lastTime, lastValue }) => ({
    metric,
    step: lastStep,
    time: lastTime,
    value: lastValue,
  }))
}
