import { KirokuError } from '@kiroku/core/errors'
import type { HistoryBatch, Rejection } from '@kiroku/core/history'
import { type RunState, runStateSchema } from '@kiroku/core/runs'
import * as z from 'zod'
import type { Connection, Database } from '../../database/database.ts'
import { toDatabaseTime } from '../../database/database-time.ts'
import { notify, type RunNotice } from '../../database/notifications.ts'
import type { OrganizationScope } from '../../http/scopes.ts'
import { linkFiles } from '../files/index.ts'
import { applyBatch, type BatchEffects, type RunDocument } from './apply-batch.ts'
import { loadDefinitions, loadTotals, saveDefinitions, saveRuns, saveTotals } from './document.repository.ts'
import { type RunStanding, standingAfterFinish, type WriterFacts } from './run-state.ts'
import { trimBatch } from './trim-batch.ts'

/** A writer's place: where its points go and who may write them. */
export type WriterTarget = { scope: OrganizationScope; projectId: string; runId: string; writerId: string }

/**
 * A writer, the record that is known to be stored last (there may be later ones), and when any writer of its run was heard
 * of last, in unix milliseconds. `label` tells it apart in a shared run.
 */
export type KnownWriter = WriterTarget & { ackSeq: number; heardAt: number; label: string | null }

/** What is said about a batch that is stored: its last record, and what of it could not be. */
export type CommittedBatch = { ackSeq: number; rejected: readonly Rejection[] }

/** What is said about one batch: that it is stored, or why it was refused. */
export type CommitOutcome = CommittedBatch | { error: KirokuError }

export type HistoryRepository = {
  /** Finds a writer by the names that its batch gives. Throws NOT_FOUND. */
  findWriter(scope: OrganizationScope, names: WriterNames): Promise<KnownWriter>
  /**
   * Applies batches whose points are stored, in one transaction: updates, summary, totals, states and `ackSeq`, and
   * gives notice. Records up to a writer's `ackSeq` are passed over. One outcome a batch, in their order.
   */
  commit(batches: readonly { writer: WriterTarget; batch: HistoryBatch }[]): Promise<CommitOutcome[]>
}

export type WriterNames = { project: string; run: string; writer: string }

const lockedSchema = z.object({
  writerId: z.string(),
  ackSeq: z.coerce.number(),
  hasFinished: z.boolean(),
  runId: z.string(),
  organizationId: z.string(),
  projectId: z.string(),
  project: z.string(),
  slug: z.string(),
  state: runStateSchema,
  isDeleted: z.boolean(),
  lastStep: z.number().nullable(),
  summary: z.record(z.string(), z.json()),
  explicit: z.array(z.string()),
})
type Locked = z.infer<typeof lockedSchema>

/** A run while a transaction changes it. */
type OpenRun = {
  facts: Locked
  document: RunDocument
  standing: RunStanding | null
  effects: BatchEffects[]
  finished: { writerId: string; state: RunState; exitCode: number | null; time: number }[]
  ackSeqs: Map<string, { ackSeq: number; hasFinished: boolean }>
  hasPoints: boolean
}

/** Reads and moves writers and what their batches say, in PostgreSQL. `aliveMs` is how long silence may last. */
export function createHistoryRepository(database: Database, aliveMs: number): HistoryRepository {
  return {
    async findWriter(scope, { project, run, writer }) {
      const found = await database.prisma.writer.findFirst({
        where: { writer, run: { slug: run, project: { name: project, organizationId: scope.organizationId } } },
        select: {
          id: true,
          ackSeq: true,
          label: true,
          run: {
            select: {
              id: true,
              projectId: true,
              writers: { select: { heartbeatAt: true }, orderBy: { heartbeatAt: 'desc' }, take: 1 },
            },
          },
        },
      })
      if (!found) {
        const message = `there is no writer ${writer} of the run ${run} in the project ${project}; call runs.create first`
        throw new KirokuError({ code: 'NOT_FOUND', message })
      }
      const { id, ackSeq, label, run: owner } = found
      const heardAt = owner.writers[0]?.heartbeatAt.getTime() ?? 0
      return {
        scope,
        projectId: owner.projectId,
        runId: owner.id,
        writerId: id,
        ackSeq: Number(ackSeq),
        heardAt,
        label,
      }
    },

    commit: (batches) =>
      database.transaction(async (connection) => {
        const runs = await lockRuns(connection, batches)
        const outcomes = batches.map(({ writer, batch }) => applyToRun(runs.get(writer.runId), writer, batch))
        const moved = [...runs.values()].filter((run) => run.effects.length > 0)
        if (moved.length === 0) return outcomes
        await linkNamedFiles(connection, moved)
        await settleStates(connection, moved, Date.now() - aliveMs)
        await saveTotals(
          connection,
          moved.map((run) => ({
            runId: run.facts.runId,
            totals: run.effects.flatMap(({ totals }) =>
              [...totals].flatMap((key) => run.document.totals.get(key) ?? []),
            ),
          })),
        )
        await saveRuns(connection, moved.map(toSavedRun))
        await saveWriters(connection, moved)
        for (const run of moved)
          if (run.effects.some(({ hasDefined }) => hasDefined))
            await saveDefinitions(connection, run.facts.runId, run.document.definitions)
        await notify(connection, moved.map(toNotice))
        return outcomes
      }),
  }
}

async function lockRuns(
  connection: Connection,
  batches: readonly { writer: WriterTarget; batch: HistoryBatch }[],
): Promise<Map<string, OpenRun>> {
  const { rows } = await connection.query(
    `SELECT w.id AS "writerId", w.ack_seq AS "ackSeq", w.finished_at IS NOT NULL AS "hasFinished",
            r.id AS "runId", p.organization_id AS "organizationId", p.id AS "projectId", p.name AS project, r.slug,
            r.state, r.deleted_at IS NOT NULL AS "isDeleted", r.last_step AS "lastStep", r.summary,
            r.explicit_summary AS explicit
     FROM writer w JOIN run r ON r.id = w.run_id JOIN project p ON p.id = r.project_id
     WHERE (w.id, p.organization_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
     ORDER BY r.id, w.id
     FOR UPDATE OF r, w`,
    [batches.map(({ writer }) => writer.writerId), batches.map(({ writer }) => writer.scope.organizationId)],
  )
  const runs = new Map<string, OpenRun>()
  for (const facts of z.array(lockedSchema).parse(rows)) {
    const run = runs.get(facts.runId) ?? openRun(facts)
    run.ackSeqs.set(facts.writerId, { ackSeq: facts.ackSeq, hasFinished: facts.hasFinished })
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

function openRun(facts: Locked): OpenRun {
  return {
    facts,
    document: {
      summary: new Map(Object.entries(facts.summary)),
      explicit: new Set(facts.explicit),
      definitions: [],
      totals: new Map(),
      lastStep: facts.lastStep,
    },
    standing: null,
    effects: [],
    finished: [],
    ackSeqs: new Map(),
    hasPoints: false,
  }
}

function namesOf(batch: HistoryBatch): { history: string[]; system: string[] } {
  return {
    history: batch.history.metrics.map(({ name }) => name),
    system: batch.system.metrics.map(({ name }) => name),
  }
}

function applyToRun(run: OpenRun | undefined, target: WriterTarget, batch: HistoryBatch): CommitOutcome {
  const writer = run?.ackSeqs.get(target.writerId)
  if (!run || !writer)
    return { error: new KirokuError({ code: 'NOT_FOUND', message: `the run ${batch.run} is gone; call runs.create` }) }
  if (run.facts.isDeleted)
    return { error: new KirokuError({ code: 'CONFLICT', message: `the run ${batch.run} was deleted` }) }
  if (batch.firstSeq > writer.ackSeq + 1) return { error: gapError(batch, writer.ackSeq) }
  const fresh = trimBatch(batch, writer.ackSeq)
  const effects = applyBatch(run.document, fresh)
  run.effects.push(effects)
  run.hasPoints ||= fresh.history.seqs.length > 0 || fresh.system.seqs.length > 0 || fresh.texts.length > 0
  const ackSeq = Math.max(writer.ackSeq, batch.lastSeq)
  const { finish } = effects
  run.ackSeqs.set(target.writerId, { ackSeq, hasFinished: writer.hasFinished || finish !== null })
  if (finish) run.finished.push({ writerId: target.writerId, ...finish, time: toDatabaseTime(finish.time) })
  else if (!writer.hasFinished && run.facts.state !== 'running')
    run.standing = { state: 'running', exitCode: null, finishedAt: null }
  return { ackSeq, rejected: effects.rejected }
}

/** A batch that would leave a gap; `details.ackSeq` tells the writer where to go on. */
export function gapError(batch: HistoryBatch, ackSeq: number): KirokuError {
  const message = `record ${ackSeq + 1} is missing: the batch begins with ${batch.firstSeq}`
  return new KirokuError({ code: 'CONFLICT', message, details: { ackSeq } })
}

/** Files whose content was not uploaded are told as rejected; everything else of their batches stands. */
async function linkNamedFiles(connection: Connection, runs: readonly OpenRun[]): Promise<void> {
  const links = runs.flatMap(({ facts: { organizationId, runId }, effects }) =>
    effects.flatMap(({ files, rejected }) => files.map((file) => ({ organizationId, runId, file, rejected }))),
  )
  for (const { file, rejected } of await linkFiles(connection, links))
    rejected.push({ metric: file.path, reason: `its content ${file.sha256} was not uploaded` })
}

async function settleStates(connection: Connection, runs: readonly OpenRun[], aliveSince: number): Promise<void> {
  const ended = runs.filter(({ finished }) => finished.length > 0)
  if (ended.length === 0) return
  const { rows } = await connection.query(
    `SELECT id, run_id AS "runId", extract(epoch FROM created_at)::float8 * 1000 AS "createdAt",
            extract(epoch FROM heartbeat_at)::float8 * 1000 AS "heartbeatAt", finish_state AS "finishState",
            exit_code AS "exitCode", extract(epoch FROM finished_at)::float8 * 1000 AS "finishedAt"
     FROM writer WHERE run_id = ANY($1)`,
    [ended.map(({ facts }) => facts.runId)],
  )
  const writers = z.array(writerFactsSchema).parse(rows)
  for (const run of ended) {
    const own = writers.filter(({ runId }) => runId === run.facts.runId)
    const after = own.map((writer): WriterFacts => {
      const finish = run.finished.findLast(({ writerId }) => writerId === writer.id)
      if (!finish) return writer
      return { ...writer, finishState: finish.state, exitCode: finish.exitCode, finishedAt: finish.time }
    })
    run.standing = standingAfterFinish(after, aliveSince)
  }
}

const writerFactsSchema = z.object({
  id: z.string(),
  runId: z.string(),
  createdAt: z.number(),
  heartbeatAt: z.number(),
  finishState: runStateSchema.nullable(),
  exitCode: z.number().nullable(),
  finishedAt: z.number().nullable(),
})

function toSavedRun(run: OpenRun): Parameters<typeof saveRuns>[1][number] {
  const { document, standing, effects } = run
  const facts = effects.flatMap(({ facts: found }) => found ?? [])
  const configs = effects.flatMap(({ config }) => config ?? [])
  const labels = effects.flatMap(({ labels: patch }) => patch ?? [])
  return {
    runId: run.facts.runId,
    document,
    standing,
    config: configs.length === 0 ? null : Object.assign({}, ...configs),
    labels: labels.length === 0 ? null : Object.assign({}, ...labels),
    facts: facts.length === 0 ? null : Object.assign({}, ...facts),
  }
}

async function saveWriters(connection: Connection, runs: readonly OpenRun[]): Promise<void> {
  const acknowledged = runs.flatMap(({ ackSeqs }) => [...ackSeqs])
  const finished = new Map(runs.flatMap((run) => run.finished.map((finish) => [finish.writerId, finish])))
  const finishes = acknowledged.map(([writerId]) => finished.get(writerId))
  await connection.query(
    `UPDATE writer SET ack_seq = moved.ack_seq, heartbeat_at = now(),
       finished_at = coalesce(to_timestamp(moved.finished_ms / 1000), writer.finished_at),
       finish_state = coalesce(moved.finish_state, writer.finish_state),
       exit_code = coalesce(moved.exit_code, writer.exit_code)
     FROM unnest($1::uuid[], $2::bigint[], $3::float8[], $4::run_state[], $5::int[])
       AS moved (id, ack_seq, finished_ms, finish_state, exit_code)
     WHERE writer.id = moved.id`,
    [
      acknowledged.map(([writerId]) => writerId),
      acknowledged.map(([, { ackSeq }]) => ackSeq),
      finishes.map((finish) => finish?.time ?? null),
      finishes.map((finish) => finish?.state ?? null),
      finishes.map((finish) => finish?.exitCode ?? null),
    ],
  )
}

function toNotice({ facts, standing, hasPoints }: OpenRun): RunNotice {
  return {
    organizationId: facts.organizationId,
    projectId: facts.projectId,
    project: facts.project,
    run: facts.slug,
    state: standing?.state ?? facts.state,
    points: hasPoints,
    created: false,
  }
}
