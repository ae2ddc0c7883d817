import type { HistoryBatch } from '@kiroku/core/history'
import { type RunState, runStateSchema } from '@kiroku/core/runs'
import type { WireValue } from '@kiroku/core/values'
import type { CountedMetric, CountedRequest } from '@kiroku/metric-store'
import * as z from 'zod'
import type { Connection } from '../../database/database.ts'
import type { OrganizationScope } from '../../http/scopes.ts'
import { type BatchEffects, type RunDocument, totalsKey } from './apply-batch.ts'
import { loadDefinitions, loadTotals } from './document.repository.ts'
import { metricsToRecount } from './recount.ts'
import type { RunStanding } from './run-state.ts'
import { type Reservation, reservationSchema } from './shared-steps.ts'

/**
 * A writer's place: where its points go and who may write them. `isShared`: its rows had their steps given by the server
 * before they were stored.
 */
export type WriterTarget = {
  scope: OrganizationScope
  projectId: string
  runId: string
  writerId: string
  isShared: boolean
}

const lockedSchema = z.object({
  writerId: z.string(),
  ackSeq: z.coerce.number(),
  hasFinished: z.boolean(),
  isSuperseded: z.boolean(),
  reservations: z.array(reservationSchema),
  otherWriters: z.coerce.number(),
  runId: z.string(),
  organizationId: z.string(),
  projectId: z.string(),
  project: z.string(),
  slug: z.string(),
  state: runStateSchema,
  deleted: z.enum(['run', 'project', 'organization']).nullable(),
  isPurged: z.boolean(),
  isShared: z.boolean(),
  isStopAsked: z.boolean(),
  lastStep: z.number().nullable(),
  summary: z.record(z.string(), z.json()),
  explicit: z.array(z.string()),
})
export type LockedRun = z.infer<typeof lockedSchema>

/** A writer while a transaction moves it. */
export type MovedWriter = {
  ackSeq: number
  hasFinished: boolean
  isSuperseded: boolean
  reservations: readonly Reservation[]
  otherWriters: number
  /** Where it stands in what it reads from, when that moves. */
  position?: WireValue
}

/** A run while a transaction changes it. */
export type OpenRun = {
  facts: LockedRun
  document: RunDocument
  standing: RunStanding | null
  effects: BatchEffects[]
  finished: { writerId: string; state: RunState; exitCode: number | null; time: number }[]
  writers: Map<string, MovedWriter>
  hasPoints: boolean
}

/** The runs and writers of these batches, locked until the transaction ends, with all that the batches may change. */
export async function lockRuns(
  connection: Connection,
  batches: readonly { writer: WriterTarget; batch: HistoryBatch }[],
  aliveMs: number,
): Promise<Map<string, OpenRun>> {
  const { rows } = await connection.query(
    `SELECT w.id AS "writerId", w.ack_seq AS "ackSeq", w.finished_at IS NOT NULL AS "hasFinished",
            w.is_superseded AS "isSuperseded", w.reservations,
            (SELECT count(*) FROM writer other WHERE other.run_id = r.id AND other.id <> w.id AND other.finished_at IS NULL
               AND other.heartbeat_at > now() - $3::float8 * interval '1 millisecond') AS "otherWriters",
            r.id AS "runId", p.organization_id AS "organizationId", p.id AS "projectId", p.name AS project, r.slug,
            r.state, CASE WHEN o.deleted_at IS NOT NULL THEN 'organization' WHEN p.deleted_at IS NOT NULL THEN 'project'
              WHEN r.deleted_at IS NOT NULL THEN 'run' END AS deleted,
            r.purged_at IS NOT NULL AS "isPurged", r.is_shared AS "isShared", r.stop_asked_at IS NOT NULL AS "isStopAsked", r.last_step AS "lastStep",
            r.summary, r.explicit_summary AS explicit
     FROM writer w JOIN run r ON r.id = w.run_id JOIN project p ON p.id = r.project_id
       JOIN organization o ON o.id = p.organization_id
     WHERE (w.id, p.organization_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
     ORDER BY r.id, w.id
     FOR UPDATE OF r, w`,
    [batches.map(({ writer }) => writer.writerId), batches.map(({ writer }) => writer.scope.organizationId), aliveMs],
  )
  const runs = new Map<string, OpenRun>()
  for (const facts of z.array(lockedSchema).parse(rows)) {
    const run = runs.get(facts.runId) ?? openRun(facts)
    const { ackSeq, hasFinished, isSuperseded, reservations, otherWriters } = facts
    run.writers.set(facts.writerId, { ackSeq, hasFinished, isSuperseded, reservations, otherWriters })
    runs.set(facts.runId, run)
  }
  const wanted = batches.map(({ writer, batch }) => ({
    runId: writer.runId,
    names: batch.updates.some(({ type }) => type === 'define') ? null : namesOf(batch),
  }))
  const definitions = await loadDefinitions(connection, [...runs.keys()])
  for (const { runId, definition } of definitions) {
    const document = runs.get(runId)?.document
    if (document) document.definitions = [...document.definitions, definition]
  }
  for (const { runId, key, entry } of await loadTotals(connection, wanted))
    runs.get(runId)?.document.totals.set(key, entry)
  return runs
}

function openRun(facts: LockedRun): OpenRun {
  return {
    facts,
    document: {
      summary: new Map(Object.entries(facts.summary)),
      explicit: new Set(facts.explicit),
      definitions: [],
      totals: new Map(),
      counted: new Map(),
      lastStep: facts.lastStep,
    },
    standing: null,
    effects: [],
    finished: [],
    writers: new Map(),
    hasPoints: false,
  }
}

function namesOf(batch: HistoryBatch): { history: string[]; system: string[] } {
  return {
    history: batch.history.metrics.map(({ name }) => name),
    system: batch.system.metrics.map(({ name }) => name),
  }
}

/** Counts the metrics anew that batches of a run, whose points are stored, do not simply add to. */
export async function recountMetrics(
  { facts, document }: OpenRun,
  batches: readonly HistoryBatch[],
  count: (request: CountedRequest) => Promise<CountedMetric[]>,
): Promise<void> {
  const wanted = [...metricsToRecount(document.totals, batches).values()]
  const counted = new Map(document.counted)
  for (const stream of new Set(wanted.map((metric) => metric.stream))) {
    const metrics = wanted.filter((metric) => metric.stream === stream).map(({ name }) => name)
    const found = await count({ project: facts.projectId, run: facts.runId, stream, metrics })
    for (const { metric, totals } of found) counted.set(totalsKey(stream, metric), totals)
  }
  document.counted = counted
}
