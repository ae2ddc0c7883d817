import { KirokuError } from '@kiroku/core/errors'
import type { HistoryBatch, Rejection } from '@kiroku/core/history'
import type { WireValue } from '@kiroku/core/values'
import type { MetricStore } from '@kiroku/metric-store'
import type { Connection, Database } from '../../database/database.ts'
import { toDatabaseTime } from '../../database/database-time.ts'
import { notify, type RunNotice } from '../../database/notifications.ts'
import type { OrganizationScope } from '../../http/scopes.ts'
import { linkFiles } from '../files/index.ts'
import { applyBatch } from './apply-batch.ts'
import { type Arrivals, createArrivals, supersededError } from './arrivals.repository.ts'
import { deletedError, deletedPartOf, refuseDeletedWriter } from './deleted-writers.repository.ts'
import { saveDefinitions, saveRuns, saveTotals } from './document.repository.ts'
import { restoreRun } from './imported-run.repository.ts'
import {
  lockRuns,
  type MovedWriter,
  type OpenRun,
  recountMetrics,
  type WriterTarget,
} from './locked-runs.repository.ts'
import { reserveForBatches } from './reserve.repository.ts'
import { liveState, stateOfEnd } from './run-state.ts'
import { releaseSteps, steppedSeqs } from './shared-steps.ts'
import { settleStates } from './standing.repository.ts'
import { trimBatch } from './trim-batch.ts'

/**
 * A writer, and the record that is known to be stored last: there may be later ones, above all where other servers take
 * batches. `label` tells it apart in a shared run.
 */
export type KnownWriter = WriterTarget & { ackSeq: number; label: string | null }

/** What is said about a batch that is stored: its last record, what of it could not be, and who else writes now. */
export type CommittedBatch = {
  ackSeq: number
  rejected: readonly Rejection[]
  otherWriters: number
  isStopAsked: boolean
}

/** Why a batch was refused. `isLeftOver`: its points are stored already and must go. */
export type RefusedBatch = { error: KirokuError; isLeftOver?: boolean }

/** What is said about one batch: that it is stored, or why it was refused. */
export type CommitOutcome = CommittedBatch | RefusedBatch

export type HistoryRepository = Arrivals & {
  /** Finds a writer by the names that its batch gives. Throws NOT_FOUND, and CONFLICT when its run was deleted. */
  findWriter(scope: OrganizationScope, names: WriterNames): Promise<KnownWriter>
  /**
   * Gives the rows of batches of shared runs their steps, durably: the same rows get the same steps again, until they are
   * acknowledged. Answers the batches with these steps, in their order. Throws NOT_FOUND when a writer is gone.
   */
  reserve(batches: readonly { writer: WriterTarget; batch: HistoryBatch }[]): Promise<HistoryBatch[]>
  /**
   * Applies batches whose points are stored, in one transaction: updates, summary, totals, states and `ackSeq`, and
   * gives notice. Records up to a writer's `ackSeq` are passed over, but for a batch with a `position`, which is refused when
   * it has any. One outcome a batch, in their order.
   */
  commit(batches: readonly CommittingBatch[]): Promise<CommitOutcome[]>
}

/** A batch whose points are stored, and where its writer then stands in what it reads from. */
export type CommittingBatch = { writer: WriterTarget; batch: HistoryBatch; position?: WireValue | undefined }

export type WriterNames = { project: string; run: string; writer: string }

/**
 * Reads and moves writers and what their batches say, in PostgreSQL. `aliveMs` is how long silence may last; `store` counts
 * metrics whose points took the place of others.
 */
export function createHistoryRepository(
  database: Database,
  store: Pick<MetricStore, 'totals'>,
  aliveMs: number,
): HistoryRepository {
  return {
    ...createArrivals(database),

    async findWriter(scope, { project, run, writer }) {
      const found = await database.prisma.writer.findFirst({
        where: { writer, run: { slug: run, project: { name: project, organizationId: scope.organizationId } } },
        select: {
          id: true,
          ackSeq: true,
          label: true,
          isSuperseded: true,
          run: {
            select: {
              id: true,
              isShared: true,
              deletedAt: true,
              projectId: true,
              project: { select: { deletedAt: true, organization: { select: { deletedAt: true } } } },
            },
          },
        },
      })
      if (!found) {
        await database.transaction((connection) => refuseDeletedWriter(connection, scope, { project, run, writer }))
        const message = `there is no writer ${writer} of the run ${run} in the project ${project}; call runs.create first`
        throw new KirokuError({ code: 'NOT_FOUND', message })
      }
      const { id, ackSeq, label, isSuperseded, run: owner } = found
      const deleted = deletedPartOf({
        run: owner.deletedAt !== null,
        project: owner.project.deletedAt !== null,
        organization: owner.project.organization.deletedAt !== null,
      })
      // Before its points are stored, which a purge may have passed already.
      if (deleted) throw deletedError({ project, run, deleted })
      if (isSuperseded) throw supersededError(run)
      return {
        scope,
        projectId: owner.projectId,
        runId: owner.id,
        writerId: id,
        ackSeq: Number(ackSeq),
        label,
        isShared: owner.isShared,
      }
    },

    reserve: (batches) => database.transaction((connection) => reserveForBatches(connection, batches)),

    commit: (batches) =>
      database.transaction(async (connection) => {
        const runs = await lockRuns(connection, batches, aliveMs)
        const planned = batches.map((item) => planBatch(runs.get(item.writer.runId), item))
        for (const run of runs.values()) {
          const fresh = planned.flatMap((plan) => ('error' in plan || plan.run !== run ? [] : [plan.batch]))
          await recountMetrics(run, fresh, (request) => store.totals(request))
        }
        const outcomes = planned.map((plan) => ('error' in plan ? plan : applyPlanned(plan)))
        await purgeAgain(connection, batches, runs)
        const moved = [...runs.values()].filter((run) => run.effects.length > 0)
        if (moved.length === 0) return outcomes
        await linkNamedFiles(connection, moved)
        await settleStates(connection, moved, aliveMs)
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
          if (run.effects.some(({ hasDefined, hasCleared }) => hasDefined || hasCleared))
            await saveDefinitions(connection, run.facts.runId, run.document.definitions)
        for (const run of moved) await restoreImported(connection, run)
        await notify(connection, moved.map(toNotice))
        return outcomes
      }),
  }
}

/** A batch that will be applied: what of it is new, and its writer. */
type PlannedBatch = { run: OpenRun; writerId: string; writer: MovedWriter; batch: HistoryBatch }

function planBatch(
  run: OpenRun | undefined,
  { writer: target, batch, position }: CommittingBatch,
): PlannedBatch | RefusedBatch {
  const writer = run?.writers.get(target.writerId)
  if (!run || !writer)
    return {
      error: new KirokuError({ code: 'NOT_FOUND', message: `the run ${batch.run} is gone; call runs.create` }),
      isLeftOver: true,
    }
  if (run.facts.deleted)
    return {
      error: deletedError({ project: batch.project, run: batch.run, deleted: run.facts.deleted }),
      isLeftOver: true,
    }
  if (writer.isSuperseded) return { error: supersededError(batch.run), isLeftOver: true }
  if (batch.firstSeq > writer.ackSeq + 1) return { error: gapError(batch, writer.ackSeq) }
  // Its points stay: they are those of the same records, in whichever batch they come.
  if (position !== undefined && batch.firstSeq <= writer.ackSeq) return { error: overtakenError(batch, writer.ackSeq) }
  const fresh = trimBatch(batch, writer.ackSeq)
  if (run.facts.isShared && !target.isShared && steppedSeqs(fresh).length > 0)
    return { error: sharedMeanwhileError(batch.run), isLeftOver: true }
  writer.ackSeq = Math.max(writer.ackSeq, batch.lastSeq)
  if (position !== undefined) writer.position = position
  writer.reservations = releaseSteps(writer.reservations, fresh, writer.ackSeq)
  return { run, writerId: target.writerId, writer, batch: fresh }
}

/** What is stored of a run that was purged meanwhile is purged as well, by the next sweep. */
async function purgeAgain(
  connection: Connection,
  batches: readonly { writer: WriterTarget }[],
  runs: ReadonlyMap<string, OpenRun>,
): Promise<void> {
  const purged = batches.flatMap(({ writer: { runId } }) => (runs.get(runId)?.facts.isPurged ? [runId] : []))
  if (purged.length > 0) await connection.query('UPDATE run SET purged_at = NULL WHERE id = ANY($1)', [purged])
}

function applyPlanned({ run, writerId, writer, batch }: PlannedBatch): CommittedBatch {
  const effects = applyBatch(run.document, batch)
  run.effects.push(effects)
  run.hasPoints ||= batch.history.seqs.length > 0 || batch.system.seqs.length > 0 || batch.texts.length > 0
  const { finish, rejected } = effects
  const live = liveState(run.standing?.state ?? run.facts.state, effects.isPreempting)
  if (finish) {
    const state = stateOfEnd(finish.state, live)
    run.finished.push({ writerId, ...finish, state, time: toDatabaseTime(finish.time) })
  } else if (!writer.hasFinished && run.facts.state !== live)
    run.standing = { state: live, exitCode: null, finishedAt: null }
  writer.hasFinished ||= finish !== null
  // What was rejected of its files is added to the same list before the answer.
  return { ackSeq: writer.ackSeq, rejected, otherWriters: writer.otherWriters, isStopAsked: run.facts.isStopAsked }
}

function sharedMeanwhileError(run: string): KirokuError {
  const message = `the run ${run} has just become a shared one; send the batch again`
  return new KirokuError({ code: 'UNAVAILABLE', message, details: { retryAfterMs: 0 } })
}

/** A batch that would leave a gap; `details.ackSeq` tells the writer where to go on. */
export function gapError(batch: HistoryBatch, ackSeq: number): KirokuError {
  const message = `record ${ackSeq + 1} is missing: the batch begins with ${batch.firstSeq}`
  return new KirokuError({ code: 'CONFLICT', message, details: { ackSeq } })
}

function overtakenError(batch: HistoryBatch, ackSeq: number): KirokuError {
  const message = `record ${batch.firstSeq} is stored already: another request of the same writer was quicker`
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

async function restoreImported(connection: Connection, run: OpenRun): Promise<void> {
  for (const { imported, rejected } of run.effects) {
    if (!imported) continue
    const refusal = await restoreRun(connection, run.facts.runId, imported)
    if (refusal === undefined) run.standing = imported.run
    else rejected.push({ metric: imported.type, reason: refusal })
  }
}

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
  const acknowledged = runs.flatMap(({ writers }) => [...writers])
  const finished = new Map(runs.flatMap((run) => run.finished.map((finish) => [finish.writerId, finish])))
  const finishes = acknowledged.map(([writerId]) => finished.get(writerId))
  await connection.query(
    `UPDATE writer SET ack_seq = moved.ack_seq, heartbeat_at = now(),
       finished_at = coalesce(to_timestamp(moved.finished_ms / 1000), writer.finished_at),
       finish_state = coalesce(moved.finish_state, writer.finish_state),
       exit_code = coalesce(moved.exit_code, writer.exit_code), reservations = moved.reservations::jsonb,
       position = coalesce(moved.position::jsonb, writer.position)
     FROM unnest($1::uuid[], $2::bigint[], $3::float8[], $4::run_state[], $5::int[], $6::text[], $7::text[])
       AS moved (id, ack_seq, finished_ms, finish_state, exit_code, reservations, position)
     WHERE writer.id = moved.id`,
    [
      acknowledged.map(([writerId]) => writerId),
      acknowledged.map(([, { ackSeq }]) => ackSeq),
      finishes.map((finish) => finish?.time ?? null),
      finishes.map((finish) => finish?.state ?? null),
      finishes.map((finish) => finish?.exitCode ?? null),
      acknowledged.map(([, { reservations }]) => JSON.stringify(reservations)),
      acknowledged.map(([, { position }]) => (position === undefined ? null : JSON.stringify(position))),
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
