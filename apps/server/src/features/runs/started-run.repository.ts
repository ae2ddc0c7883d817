import { runPath } from '@kiroku/core/routes'
import { type CreateRunResult, type ResumedRun, runLabelsSchema } from '@kiroku/core/runs'
import { writeTotals } from '@kiroku/core/summary'
import { isRecord, type WireRecord } from '@kiroku/core/values'
import * as z from 'zod'
import type { Connection } from '../../database/database.ts'
import type { ProjectScope } from '../../http/scopes.ts'
import { loadDefinitions, loadTotals } from '../history/index.ts'
import type { OpenInput } from './open-run.repository.ts'
import { loadWriters } from './writers.repository.ts'

/** The most totals that a resumed run is told. */
const maxTotals = 10_000

const storedRecordSchema = z.custom<WireRecord>(isRecord, 'expected a record')
const runRowSchema = runLabelsSchema.extend({ config: storedRecordSchema, summary: storedRecordSchema })

/** What the server answers a writer of a run with. Asked again it answers the same, with what is there by then. */
export async function describeStart(
  connection: Connection,
  scope: ProjectScope,
  { input, runId, aliveMs }: { input: OpenInput; runId: string; aliveMs: number },
): Promise<CreateRunResult> {
  const { rows } = await connection.query(
    `SELECT display_name AS "displayName", run_group AS "group", job_type AS "jobType", notes, tags, config, summary
     FROM run WHERE id = $1`,
    [runId],
  )
  const run = runRowSchema.parse(rows[0])
  const writers = await loadWriters(connection, runId, aliveMs)
  const own = writers.find(({ writer }) => writer === input.writer)
  const { organization, project } = scope
  return {
    organization,
    project,
    run: input.run,
    displayName: run.displayName,
    path: runPath({ organization, project, run: input.run }),
    ackSeq: own?.ackSeq ?? 0,
    startingStep: own?.startingStep ?? 0,
    runtimeBeforeMs: own?.runtimeBeforeMs ?? 0,
    isResumed: own?.isResumed ?? false,
    resumed: own?.isResumed || input.fork ? await describeResumed(connection, runId, run) : null,
    otherWriters: writers.filter(({ id, isAlive }) => isAlive && id !== own?.id).length,
  }
}

async function describeResumed(
  connection: Connection,
  runId: string,
  { config, summary, ...labels }: z.infer<typeof runRowSchema>,
): Promise<ResumedRun> {
  const definitions = await loadDefinitions(connection, [runId])
  const totals = await loadTotals(connection, [{ runId, names: null }])
  const ofHistory = totals.filter(({ entry }) => entry.stream === 'history').slice(0, maxTotals)
  return {
    labels,
    config,
    summary,
    definitions: definitions.map(({ definition }) => definition),
    totals: Object.fromEntries(ofHistory.map(({ entry }) => [entry.name, writeTotals(entry.totals)])),
  }
}
