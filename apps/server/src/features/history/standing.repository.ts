import { runStateSchema } from '@kiroku/core/runs'
import * as z from 'zod'
import type { Connection } from '../../database/database.ts'
import type { OpenRun } from './locked-runs.repository.ts'
import { liveState, type RunStanding, standingAfterFinish, type WriterFacts } from './run-state.ts'

const writerFactsSchema = z.object({
  id: z.string(),
  runId: z.string(),
  createdAt: z.number(),
  isResumed: z.boolean(),
  heartbeatAt: z.number(),
  /** By the clock that heartbeats are told by, which a server's own need not follow. */
  now: z.number(),
  finishState: runStateSchema.nullable(),
  exitCode: z.number().nullable(),
  finishedAt: z.number().nullable(),
  tellsEnd: z.boolean(),
})
type WriterRow = z.infer<typeof writerFactsSchema>

/** Decides how those of the runs stand that a writer finished. Writers silent for `aliveMs` count as gone. */
export async function settleStates(connection: Connection, runs: readonly OpenRun[], aliveMs: number): Promise<void> {
  const ended = runs.filter(({ finished }) => finished.length > 0)
  if (ended.length === 0) return
  const writers = await readWriters(
    connection,
    ended.map(({ facts }) => facts.runId),
  )
  for (const run of ended) {
    const own = writers.filter(({ runId }) => runId === run.facts.runId)
    const after = own.map((writer): WriterFacts => {
      const finish = run.finished.findLast(({ writerId }) => writerId === writer.id)
      if (!finish) return writer
      return {
        ...writer,
        heartbeatAt: writer.now,
        finishState: finish.state,
        exitCode: finish.exitCode,
        finishedAt: finish.time,
      }
    })
    const isPreempting =
      liveState(
        run.facts.state,
        run.effects.some((effects) => effects.isPreempting),
      ) === 'preempting'
    const now = own[0]?.now ?? 0
    run.standing = standingAfterFinish(after, { isShared: run.facts.isShared, isPreempting, now, aliveMs })
  }
}

/** How shared runs stand, by id, none of whose writers was heard of for `aliveMs`; those that nobody ended are left out. */
export async function standingsOfSilent(
  connection: Connection,
  runs: readonly string[],
  aliveMs: number,
): Promise<Map<string, RunStanding>> {
  const writers = await readWriters(connection, runs)
  return new Map(
    runs.flatMap((run) => {
      const own = writers.filter(({ runId }) => runId === run)
      if (own.every(({ finishState }) => finishState === null)) return []
      const now = own[0]?.now ?? 0
      return [[run, standingAfterFinish(own, { isShared: true, isPreempting: false, now, aliveMs })] as const]
    }),
  )
}

async function readWriters(connection: Connection, runs: readonly string[]): Promise<WriterRow[]> {
  const { rows } = await connection.query(
    `SELECT id, run_id AS "runId", extract(epoch FROM created_at)::float8 * 1000 AS "createdAt",
            is_resumed AS "isResumed",
            extract(epoch FROM heartbeat_at)::float8 * 1000 AS "heartbeatAt",
            extract(epoch FROM now())::float8 * 1000 AS now, finish_state AS "finishState",
            exit_code AS "exitCode", extract(epoch FROM finished_at)::float8 * 1000 AS "finishedAt",
            position IS NULL AS "tellsEnd"
     FROM writer WHERE run_id = ANY($1) AND NOT is_superseded`,
    [runs],
  )
  return z.array(writerFactsSchema).parse(rows)
}
