import type { MetricStore } from '@kiroku/metric-store'
import * as z from 'zod'
import type { Connection, Database } from '../../database/database.ts'
import { notify } from '../../database/notifications.ts'
import type { ProjectScope } from '../../http/scopes.ts'
import { type LeftHistory, loadDocument, movedMetrics, redoDocument, saveRuns, saveTotals } from '../history/index.ts'
import { type PendingChange, pendingChangeSchema } from './pending-change.ts'
import { runtimeAt } from './writer-times.ts'
import { loadWriters } from './writers.repository.ts'

/** What a rewind or a fork does in the store, and what the run is then. */
export type PendingChanges = {
  /**
   * Brings a promised change of a run to its end: cuts off or copies points, counts what is left, and recomputes totals,
   * summary and last step. Each part can be done again, so that after a crash in the middle it is simply done again; of
   * several who try at once one does it and the others wait.
   */
  complete(scope: ProjectScope, runId: string, change: PendingChange): Promise<void>
}

/** Changes points in the store and what PostgreSQL knows of them. */
export function createPendingChanges(
  database: Database,
  store: Pick<MetricStore, 'copy' | 'lastTexts' | 'textMetrics' | 'totals' | 'truncate'>,
): PendingChanges {
  const rememberTexts = async (scope: ProjectScope, runId: string, step: number): Promise<void> => {
    const metrics = await store.textMetrics({ project: scope.projectId, run: runId })
    const names = metrics.flatMap(({ metric, lastStep }) => (lastStep > step ? [metric] : []))
    await database.transaction((connection) =>
      connection.query(
        `UPDATE run SET pending = jsonb_set(pending, '{texts}', $2::jsonb) WHERE id = $1 AND pending->'texts' = 'null'`,
        [runId, JSON.stringify(names)],
      ),
    )
  }

  const readLeft = async (scope: ProjectScope, runId: string): Promise<LeftHistory & { lastTime: number | null }> => {
    const key = { project: scope.projectId, run: runId }
    const metrics = await store.totals({ ...key, stream: 'history', metrics: null })
    const texts = await store.lastTexts(key)
    const times = [...metrics.map(({ lastTime }) => lastTime), ...texts.map(({ time }) => time)]
    return {
      totals: new Map(metrics.map(({ metric, totals }) => [metric, totals])),
      texts: new Map(texts.map(({ metric, step, value }) => [metric, { step, value }])),
      lastTime: times.length === 0 ? null : times.reduce((latest, time) => Math.max(latest, time)),
    }
  }

  return {
    async complete(scope, runId, promised) {
      // What the summary had of texts that go must be known before they are gone.
      if (promised.kind === 'rewind' && promised.texts === null) await rememberTexts(scope, runId, promised.step)
      await database.transaction(async (connection) => {
        await connection.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`pending ${runId}`])
        const change = await readPending(connection, runId)
        if (change === null) return
        const key = { project: scope.projectId, run: runId }
        if (change.kind === 'rewind') await store.truncate(key, change.step)
        else await store.copy({ ...key, run: change.parentId }, runId, change.step)
        await saveLeft(connection, scope, { runId, change, left: await readLeft(scope, runId) })
      })
    },
  }
}

const pendingRowsSchema = z.array(z.object({ pending: pendingChangeSchema.nullable() }))

async function readPending(connection: Connection, runId: string): Promise<PendingChange | null> {
  const { rows } = await connection.query('SELECT pending FROM run WHERE id = $1', [runId])
  return pendingRowsSchema.parse(rows)[0]?.pending ?? null
}

async function saveLeft(
  connection: Connection,
  scope: ProjectScope,
  { runId, change, left }: { runId: string; change: PendingChange; left: LeftHistory & { lastTime: number | null } },
): Promise<void> {
  const document = await loadDocument(connection, runId)
  const names =
    change.kind === 'rewind'
      ? new Set([...movedMetrics(document, left), ...(change.texts ?? [])])
      : new Set([...left.totals.keys(), ...left.texts.keys()])
  redoDocument(document, left, names)
  const totals = [...document.totals.values()].filter(({ stream }) => stream === 'history')
  await connection.query("DELETE FROM run_metric WHERE run_id = $1 AND stream = 'history' AND name <> ALL($2)", [
    runId,
    totals.map(({ name }) => name),
  ])
  await saveTotals(connection, [{ runId, totals }])
  await saveRuns(connection, [{ runId, document, standing: null, config: null, labels: null }])
  await connection.query('UPDATE writer SET runtime_before_ms = $2 WHERE id = $1', [
    change.writerId,
    left.lastTime === null ? 0 : await readRuntimeAt(connection, runId, change.writerId, left.lastTime),
  ])
  const { rows } = await connection.query('UPDATE run SET pending = NULL WHERE id = $1 RETURNING slug AS run', [runId])
  const { organizationId, projectId, project } = scope
  const notice = { organizationId, projectId, project, state: 'running', points: true, created: false } as const
  await notify(
    connection,
    z
      .array(z.object({ run: z.string() }))
      .parse(rows)
      .map(({ run }) => ({ ...notice, run })),
  )
}

const segmentsSchema = z.array(z.object({ startedAt: z.number(), runtimeBeforeMs: z.number() }))
const earlierRowsSchema = z.array(z.object({ earlier: segmentsSchema }))

/** How long the run had run for at a time, by the clocks of the writers before this one. */
async function readRuntimeAt(connection: Connection, runId: string, writerId: string, time: number): Promise<number> {
  const { rows } = await connection.query('SELECT earlier_segments AS earlier FROM run WHERE id = $1', [runId])
  const writers = (await loadWriters(connection, runId, 0)).filter(({ id }) => id !== writerId)
  return runtimeAt([...(earlierRowsSchema.parse(rows)[0]?.earlier ?? []), ...writers], time)
}
