import { KirokuError } from '@kiroku/core/errors'
import { bandsOf, isStoppedByHyperband } from '@kiroku/core/sweeps/hyperband'
import * as z from 'zod'
import type { Connection, Database } from '../../database/database.ts'
import { toJsonText } from '../../database/json-text.ts'
import type { OrganizationScope, ProjectScope } from '../../http/scopes.ts'
import { type AgentCommand, commandsBefore } from './agent-commands.ts'
import { agentSilenceMs, configOfRow, type SweepRow, sweepColumns, sweepRowSchema } from './sweep-rows.ts'
import { handedOn, isAnyToCome, nextRun, noteKilled, noteRunning } from './trials.repository.ts'

/** A run that has come to a band of hyperband that nobody looked at: `due` are the iterations of these bands. */
export type DueRun = {
  trial: string
  project: string
  run: string
  metric: string
  goal: 'minimize' | 'maximize'
  due: number[]
}

/** Agents of the sweeps of one organization. */
export type AgentsRepository = {
  /** Throws NOT_FOUND when the project has no such sweep. */
  create(scope: ProjectScope, sweep: string, host: string): Promise<string>
  /** The runs of the agent's sweep whose bands are to be looked at. Throws NOT_FOUND. */
  due(scope: OrganizationScope, agent: string): Promise<DueRun[]>
  /** Notes the best values of runs by band; what is known stays. */
  saveBands(
    scope: OrganizationScope,
    agent: string,
    found: readonly { trial: string; bands: Record<string, number> }[],
  ): Promise<void>
  /**
   * Notes that the agent lives, and which of its runs go on, and answers what it does next. A run that it was told of and never
   * began is told again, then one that was preempted is to be gone on with, one of an agent that is gone goes to it under a new id, and
   * else the sweep's next one is handed out: in one transaction that holds the sweep, so that no two get the same. One that goes on
   * here though it was handed to another agent is to be stopped. Throws NOT_FOUND.
   */
  heartbeat(scope: OrganizationScope, agent: string, running: readonly string[]): Promise<readonly AgentCommand[]>
  /** The runs that the agent began, in the order in which they were made; none for one that is not of the project. */
  runs(scope: ProjectScope, agent: string): Promise<string[]>
}

const idRowsSchema = z.array(z.object({ id: z.string() }))
const runRowsSchema = z.array(z.object({ run: z.string() }))
const bandsSchema = z.record(z.string(), z.number())
const countedRowsSchema = z.array(
  z.object({ trial: z.string(), run: z.string(), bands: bandsSchema, iterations: z.coerce.number() }),
)

/** Reads and writes agents and what they were handed in PostgreSQL. `aliveMs` is how long a run may be silent. */
export function createAgentsRepository(database: Database, aliveMs: number): AgentsRepository {
  const silenceMs = agentSilenceMs(aliveMs)
  return {
    create: (scope, sweep, host) =>
      database.transaction(async (connection) => {
        const { rows } = await connection.query(
          `INSERT INTO sweep_agent (sweep_id, host)
           SELECT s.id, $3 FROM sweep s WHERE s.project_id = $1 AND s.slug = $2 RETURNING id`,
          [scope.projectId, sweep, host],
        )
        const [made] = idRowsSchema.parse(rows)
        if (made) return made.id
        const message = `there is no sweep ${sweep} in the project ${scope.project}; check its id, and entity/project/id`
        throw new KirokuError({ code: 'NOT_FOUND', message })
      }),

    due: (scope, agent) =>
      database.transaction(async (connection) => {
        const sweep = await findSweep(connection, scope, agent)
        const { early_terminate, metric } = configOfRow(sweep)
        if (!early_terminate || !metric) return []
        const bands = bandsOf(early_terminate)
        const counted = await countIterations(connection, sweep, metric.name)
        return counted.flatMap(({ trial, run, bands: known, iterations }) => {
          const due = bands.filter((band) => band <= iterations && known[band] === undefined)
          return due.length === 0
            ? []
            : [{ trial, project: sweep.projectId, run, metric: metric.name, goal: metric.goal, due }]
        })
      }),

    saveBands: (scope, agent, found) =>
      database.transaction(async (connection) => {
        const sweep = await findSweep(connection, scope, agent)
        for (const { trial, bands } of found)
          await connection.query('UPDATE sweep_trial SET bands = $3::jsonb || bands WHERE id = $1 AND sweep_id = $2', [
            trial,
            sweep.id,
            toJsonText(bands),
          ])
      }),

    heartbeat: (scope, agent, running) =>
      database.transaction(async (connection) => {
        const sweep = await findSweep(connection, scope, agent, 'FOR UPDATE OF s')
        await connection.query('UPDATE sweep_agent SET heartbeat_at = now() WHERE id = $1', [agent])
        await noteRunning(connection, agent, running)
        await noteKilled(connection, scope, agent, running)
        const state = sweep.state === 'pending' ? await begin(connection, sweep) : sweep.state
        const gone = await handedOn(connection, sweep, agent, running)
        const stopped = [...new Set([...gone, ...(await stopWorst(connection, sweep, running))])]
        const commands = commandsBefore({ state, running, stopped })
        if (commands !== 'next') {
          if (commands.some(({ type }) => type === 'exit')) await exit(connection, agent)
          return commands
        }
        const handed = await nextRun(connection, sweep, agent, silenceMs)
        if (handed) return [{ type: 'run', ...handed, program: configOfRow(sweep).program ?? null }]
        if (await isAnyToCome(connection, sweep)) return []
        await exit(connection, agent)
        return [{ type: 'exit' }]
      }),

    runs: ({ projectId }, agent) =>
      database.session(async (connection) => {
        const { rows } = await connection.query(
          `SELECT r.slug AS run FROM sweep_trial t
             JOIN sweep s ON s.id = t.sweep_id AND s.project_id = $1
             JOIN run r ON r.project_id = s.project_id AND r.slug = t.run AND r.sweep = s.slug AND r.deleted_at IS NULL
           WHERE t.agent_id = $2 AND t.dropped_at IS NULL ORDER BY r.created_at, r.id`,
          [projectId, agent],
        )
        return runRowsSchema.parse(rows).map(({ run }) => run)
      }),
  }
}

async function findSweep(
  connection: Connection,
  { organizationId }: OrganizationScope,
  agent: string,
  lock = '',
): Promise<SweepRow> {
  const { rows } = await connection.query(
    `SELECT ${sweepColumns} FROM sweep s JOIN project p ON p.id = s.project_id
     WHERE s.id = (SELECT sweep_id FROM sweep_agent WHERE id = $2) AND p.organization_id = $1 AND p.deleted_at IS NULL ${lock}`,
    [organizationId, agent],
  )
  const [found] = z.array(sweepRowSchema).parse(rows)
  if (found) return found
  throw new KirokuError({
    code: 'NOT_FOUND',
    message: 'there is no such agent: its sweep was deleted, or is not yours',
  })
}

async function begin(connection: Connection, { id }: SweepRow): Promise<'running'> {
  await connection.query(`UPDATE sweep SET state = 'running', updated_at = now() WHERE id = $1`, [id])
  return 'running'
}

async function exit(connection: Connection, agent: string): Promise<void> {
  await connection.query('UPDATE sweep_agent SET exited_at = now() WHERE id = $1', [agent])
}

/** The sweep's runs with how many values of the metric each has logged. */
async function countIterations(connection: Connection, { id }: SweepRow, metric: string) {
  const { rows } = await connection.query(
    `SELECT t.id AS trial, r.id AS run, t.bands, m.count AS iterations
     FROM sweep_trial t JOIN sweep s ON s.id = t.sweep_id JOIN run r ON r.project_id = s.project_id AND r.slug = t.run
       JOIN run_metric m ON m.run_id = r.id AND m.stream = 'history' AND m.name = $2
     WHERE s.id = $1 AND r.deleted_at IS NULL ORDER BY t.number`,
    [id, metric],
  )
  return countedRowsSchema.parse(rows)
}

const judgedRowsSchema = z.array(
  z.object({ slug: z.string(), isStopped: z.boolean(), bands: bandsSchema, iterations: z.coerce.number() }),
)

/** Notes which of the agent's runs hyperband ends, and answers them with those that it ended before and that still go on. */
async function stopWorst(connection: Connection, sweep: SweepRow, running: readonly string[]): Promise<string[]> {
  const { early_terminate: config, metric } = configOfRow(sweep)
  if (!config || !metric || running.length === 0) return []
  const { rows } = await connection.query(
    `SELECT t.run AS slug, t.stopped_at IS NOT NULL AS "isStopped", t.bands, coalesce(m.count, 0) AS iterations
     FROM sweep_trial t JOIN run r ON r.project_id = $2 AND r.slug = t.run
       LEFT JOIN run_metric m ON m.run_id = r.id AND m.stream = 'history' AND m.name = $3
     WHERE t.sweep_id = $1 AND r.deleted_at IS NULL`,
    [sweep.id, sweep.projectId, metric.name],
  )
  const runs = judgedRowsSchema.parse(rows)
  const stopped = runs.filter((run) => {
    if (!running.includes(run.slug)) return false
    if (run.isStopped) return true
    const others = runs.filter((other) => other !== run).map(({ bands }) => bands)
    return isStoppedByHyperband({ iterations: run.iterations, values: run.bands }, others, {
      config,
      goal: metric.goal,
    })
  })
  const slugs = stopped.map(({ slug }) => slug)
  if (slugs.length > 0)
    await connection.query(
      'UPDATE sweep_trial SET stopped_at = coalesce(stopped_at, now()) WHERE sweep_id = $1 AND run = ANY($2)',
      [sweep.id, slugs],
    )
  return slugs
}
