import { newRunSlug } from '@kiroku/core/ids'
import { nextPoint } from '@kiroku/core/sweeps/next-point'
import { isRecord, type WireRecord } from '@kiroku/core/values'
import * as z from 'zod'
import type { Connection } from '../../database/database.ts'
import { toJsonText } from '../../database/json-text.ts'
import { isLiveSql } from '../../database/live-runs.ts'
import { changedRunSchema, notify } from '../../database/notifications.ts'
import type { OrganizationScope } from '../../http/scopes.ts'
import type { HandedRun } from './agent-commands.ts'
import { observationsOf, reachedTarget } from './observed-runs.repository.ts'
import { configOfRow, isTrialOpen, type SweepRow } from './sweep-rows.ts'

/** How often an agent is told of a run that it never begins before the run is given up. */
const maxDeliveries = 3

const wireRecordSchema = z.custom<WireRecord>(isRecord, 'expected a record')
const trialRowsSchema = z.array(
  z.object({ id: z.string(), run: z.string(), config: wireRecordSchema, deliveries: z.number() }),
)

/** Runs that the agent has going were heard of; one that it had going, and that left no run behind, is given up. */
export async function noteRunning(connection: Connection, agent: string, running: readonly string[]): Promise<void> {
  await connection.query(
    'UPDATE sweep_trial SET seen_at = now() WHERE agent_id = $1 AND run = ANY($2) AND seen_at IS NULL',
    [agent, running],
  )
  await connection.query(
    `UPDATE sweep_trial t SET dropped_at = now() FROM sweep s
     WHERE s.id = t.sweep_id AND t.agent_id = $1 AND t.dropped_at IS NULL AND NOT t.run = ANY($2)
       AND (t.seen_at IS NOT NULL OR t.deliveries >= $3) AND ${isUnbegun}`,
    [agent, running, maxDeliveries],
  )
}

/** Runs that were to be stopped, and that their agent has not going any more, did not live to say that they ended. */
export async function noteKilled(
  connection: Connection,
  { organizationId }: OrganizationScope,
  agent: string,
  running: readonly string[],
): Promise<void> {
  const { rows } = await connection.query(
    `UPDATE run r SET state = 'killed', finished_at = r.heartbeat_at
     FROM sweep_trial t JOIN sweep s ON s.id = t.sweep_id JOIN project p ON p.id = s.project_id
     WHERE t.agent_id = $1 AND p.organization_id = $3 AND t.seen_at IS NOT NULL AND NOT t.run = ANY($2)
       AND r.project_id = s.project_id AND r.slug = t.run AND ${isLiveSql('r.state')}
       AND (r.stop_asked_at IS NOT NULL OR t.stopped_at IS NOT NULL)
     RETURNING p.organization_id AS "organizationId", p.id AS "projectId", p.name AS project, r.slug AS run, r.state`,
    [agent, running, organizationId],
  )
  const killed = z.array(changedRunSchema).parse(rows)
  await notify(
    connection,
    killed.map((run) => ({ ...run, points: false, created: false })),
  )
}

const hasNoRun = 'NOT EXISTS (SELECT FROM run r WHERE r.project_id = s.project_id AND r.slug = t.run)'

const isPreempted = `EXISTS (SELECT FROM run r
  WHERE r.project_id = s.project_id AND r.slug = t.run AND r.state IN ('preempting', 'preempted'))`

/** Whether an agent was handed a trial `t` of the sweep `s` and has not begun its run, or not gone on with one that was preempted. */
const isUnbegun = `CASE WHEN t.resumed_at IS NULL THEN ${hasNoRun} ELSE EXISTS (SELECT FROM run r
  WHERE r.project_id = s.project_id AND r.slug = t.run AND r.state = 'preempted' AND r.deleted_at IS NULL
    AND r.heartbeat_at <= t.resumed_at) END`

/**
 * The run that an agent which is free begins next, and notes that it was handed it: one that it was told of before, one that was
 * preempted, one that an agent which is gone never began, or else the sweep's next. Undefined when there is none now. `silenceMs` is
 * how long an agent is silent before it is gone.
 */
export async function nextRun(
  connection: Connection,
  sweep: SweepRow,
  agent: string,
  silenceMs: number,
): Promise<HandedRun | undefined> {
  return (
    (await toldAgain(connection, agent)) ??
    (await preempted(connection, sweep, agent, silenceMs)) ??
    (await takenOver(connection, sweep, agent, silenceMs)) ??
    (await handOut(connection, sweep, agent))
  )
}

/** A run that the agent was told of and did not begin: the answer may have been lost. */
async function toldAgain(connection: Connection, agent: string): Promise<HandedRun | undefined> {
  const { rows } = await connection.query(
    `UPDATE sweep_trial SET deliveries = deliveries + 1 WHERE id = (
       SELECT t.id FROM sweep_trial t JOIN sweep s ON s.id = t.sweep_id
       WHERE t.agent_id = $1 AND t.dropped_at IS NULL AND t.seen_at IS NULL AND ${isUnbegun} ORDER BY t.number LIMIT 1)
     RETURNING id, run, config, deliveries`,
    [agent],
  )
  return trialRowsSchema.parse(rows)[0]
}

/**
 * A run that was preempted, to be gone on with under its id: nobody was handed it since, or the agent that was has gone away without
 * doing so.
 */
async function preempted(
  connection: Connection,
  { id }: SweepRow,
  agent: string,
  silenceMs: number,
): Promise<HandedRun | undefined> {
  const { rows } = await connection.query(
    `UPDATE sweep_trial SET agent_id = $2, deliveries = 1, seen_at = NULL, resumed_at = now() WHERE id = (
       SELECT t.id FROM sweep_trial t JOIN sweep s ON s.id = t.sweep_id LEFT JOIN sweep_agent a ON a.id = t.agent_id
         JOIN run r ON r.project_id = s.project_id AND r.slug = t.run
       WHERE s.id = $1 AND t.dropped_at IS NULL AND r.state = 'preempted' AND r.deleted_at IS NULL
         AND (t.resumed_at IS NULL OR r.heartbeat_at > t.resumed_at OR ${isAgentGone('$3')})
       ORDER BY t.number LIMIT 1)
     RETURNING id, run, config, deliveries`,
    [id, agent, silenceMs],
  )
  return trialRowsSchema.parse(rows)[0]
}

/** Those of the runs that an agent has going which were handed to another one, as this one was silent or its run preempted. */
export async function handedOn(
  connection: Connection,
  { id }: SweepRow,
  agent: string,
  running: readonly string[],
): Promise<string[]> {
  if (running.length === 0) return []
  const { rows } = await connection.query(
    'SELECT run FROM sweep_trial WHERE sweep_id = $1 AND run = ANY($2) AND agent_id <> $3',
    [id, running, agent],
  )
  return z
    .array(z.object({ run: z.string() }))
    .parse(rows)
    .map(({ run }) => run)
}

/** SQL: whether the agent `a` of a trial is gone, having been silent for so many milliseconds or told to end. */
function isAgentGone(silenceMs: string): string {
  return `(a.id IS NULL OR a.exited_at IS NOT NULL OR a.heartbeat_at < now() - ${silenceMs}::float8 * interval '1 millisecond')`
}

/** A run that was handed to an agent which went away without beginning it, under an id of its own: that agent may come back. */
async function takenOver(
  connection: Connection,
  { id }: SweepRow,
  agent: string,
  silenceMs: number,
): Promise<HandedRun | undefined> {
  const { rows } = await connection.query(
    `UPDATE sweep_trial SET agent_id = $2, run = $3, deliveries = 1, seen_at = NULL WHERE id = (
       SELECT t.id FROM sweep_trial t JOIN sweep s ON s.id = t.sweep_id LEFT JOIN sweep_agent a ON a.id = t.agent_id
       WHERE s.id = $1 AND t.dropped_at IS NULL AND ${hasNoRun} AND ${isAgentGone('$4')}
       ORDER BY t.number LIMIT 1)
     RETURNING id, run, config, deliveries`,
    [id, agent, newRunSlug(), silenceMs],
  )
  return trialRowsSchema.parse(rows)[0]
}

/** The sweep's next run; undefined when there is none, or the target is reached, with which the sweep has finished. */
async function handOut(connection: Connection, sweep: SweepRow, agent: string): Promise<HandedRun | undefined> {
  const config = configOfRow(sweep)
  const isOver = sweep.expectedRuns !== null && sweep.issued >= sweep.expectedRuns
  if (isOver) return undefined
  if (config.metric?.target != null && (await reachedTarget(connection, sweep, config))) {
    await connection.query(`UPDATE sweep SET state = 'finished', updated_at = now() WHERE id = $1`, [sweep.id])
    return undefined
  }
  const observations = config.method === 'bayes' ? await observationsOf(connection, sweep, config) : []
  const point = nextPoint(config, { seed: sweep.seed, number: sweep.issued, observations })
  if (!point) return undefined
  const run = newRunSlug()
  await connection.query(
    'INSERT INTO sweep_trial (sweep_id, agent_id, number, run, config) VALUES ($1, $2, $3, $4, $5::jsonb)',
    [sweep.id, agent, sweep.issued, run, toJsonText(point)],
  )
  await connection.query('UPDATE sweep SET issued = issued + 1, updated_at = now() WHERE id = $1', [sweep.id])
  return { run, config: point }
}

/**
 * Whether a run was handed out that no agent has begun, or is about to be preempted: an agent that is free waits for it, as it may
 * have to take it on.
 */
export async function isAnyToCome(connection: Connection, { id }: SweepRow): Promise<boolean> {
  const { rows } = await connection.query(
    `SELECT t.id FROM sweep_trial t JOIN sweep s ON s.id = t.sweep_id
     WHERE s.id = $1 AND s.state <> 'finished' AND ${isTrialOpen} AND (${hasNoRun} OR ${isPreempted}) LIMIT 1`,
    [id],
  )
  return rows.length > 0
}
