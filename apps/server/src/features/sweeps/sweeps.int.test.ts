import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KirokuError } from '@kiroku/core/errors'
import type { SweepAction } from '@kiroku/core/sweeps/sweeps'
import type { WireRecord } from '@kiroku/core/values'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type Database, openDatabase } from '../../database/database.ts'
import { type Engines, openEngines } from '../../engines/index.ts'
import { authorizeOrganization } from '../../http/scopes.ts'
import {
  batchOf,
  beginFromTemplate,
  type Caller,
  client,
  postBatch,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
  until,
} from '../../testing/index.ts'
import { createAgentsRepository } from './agents.repository.ts'

type Tenant = Caller & { organization: string }

const silenceMs = 1500
let directory: string
let engines: Engines
let database: Database
let sql: pg.Client
let server: TestServer
let tenant: Tenant
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiroku-test-'))
  const dataDir = join(directory, 'postgres')
  await beginFromTemplate(dataDir)
  engines = await openEngines({ dataDir })
  server = await testServer({ databaseUrl: engines.databaseUrl, crashAfterMs: silenceMs })
  tenant = await testOrganization(server)
  database = await openDatabase(engines.databaseUrl)
  sql = new pg.Client({ connectionString: engines.databaseUrl })
  await sql.connect()
})
afterAll(async () => {
  await sql.end()
  await database.close()
  await server.close()
  await engines.close()
  await rm(directory, { recursive: true, force: true })
})

/** The last word of an agent is so much older from now on. */
const age = (agent: string, ms: number) =>
  sql.query(
    `UPDATE sweep_agent SET heartbeat_at = heartbeat_at - $2::float8 * interval '1 millisecond' WHERE id = $1`,
    [agent, ms],
  )

const project = 'search'
const at = (sweep: string) => ({ organization: tenant.organization, project, sweep })
const code = (expected: KirokuError['code']) => ({ data: { error: { code: expected } } })
const act = (sweep: string, action: SweepAction) => client(tenant).sweeps.act.mutate({ ...at(sweep), action })
const details = (sweep: string) => client(tenant).sweeps.byId.query(at(sweep))
const create = async (config: WireRecord): Promise<string> =>
  (await client(tenant).sweeps.create.mutate({ organization: tenant.organization, project, config })).slug

const commandSchema = z.object({
  type: z.enum(['run', 'stop', 'exit']),
  run_id: z.string().optional(),
  args: z.record(z.string(), z.object({ value: z.unknown() })).optional(),
})
type Command = z.infer<typeof commandSchema>

async function ask(query: string, input: object, caller: Caller = tenant): Promise<unknown> {
  const answer = await fetch(`${caller.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${caller.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { input } }),
  })
  return answer.json()
}

/** An agent, as one of a client speaks. `running` are the runs that it says are going on. */
async function agentOf(sweep: string) {
  const created = await ask('mutation($input: CreateAgentInput!) { createAgent(input: $input) { agent { id } } }', {
    host: 'here',
    projectName: project,
    sweep,
  })
  const node = z.object({ data: z.object({ createAgent: z.object({ agent: z.object({ id: z.string() }) }) }) })
  const { id } = node.parse(created).data.createAgent.agent
  const beat = async (...running: string[]): Promise<Command[]> => {
    const runState = JSON.stringify(Object.fromEntries(running.map((run) => [run, true])))
    const query = 'mutation($input: AgentHeartbeatInput!) { agentHeartbeat(input: $input) { commands } }'
    const answer = z
      .object({ data: z.object({ agentHeartbeat: z.object({ commands: z.string() }) }) })
      .parse(await ask(query, { id, runState }))
    return z.array(commandSchema).parse(JSON.parse(answer.data.agentHeartbeat.commands))
  }
  /** Asks until it is told of a run or to end. */
  const next = async (): Promise<Command> => {
    const [command] = await beat()
    return command ?? { type: 'exit' }
  }
  // Of the protocol's `Agent:<id>`.
  const stored = Buffer.from(id, 'base64').toString().slice('Agent:'.length)
  return { id, stored, beat, next }
}

const upsert = 'mutation($input: UpsertBucketInput!) { upsertBucket(input: $input) { bucket { id sweepName } } }'

/** Begins the run of a command and logs `losses`; it ends with `exitcode`, or goes on for null. */
async function carryOut(
  { run_id: run, args = {} }: Command,
  sweep: string,
  losses: number[],
  exitcode: number | null = 0,
) {
  const config = JSON.stringify(args)
  await ask(upsert, { name: run, modelName: project, sweep, config, host: 'here', jobProgram: 'train.py' })
  const lines = losses.map((loss, step) =>
    JSON.stringify({ _step: step, _timestamp: Date.now() / 1000, _runtime: step, loss }),
  )
  await post(String(run), {
    files: {
      'wandb-history.jsonl': { offset: 0, content: lines },
      'wandb-summary.json': { offset: 0, content: [JSON.stringify({ loss: losses.at(-1), _step: losses.length - 1 })] },
    },
    ...(exitcode !== null && { complete: true, exitcode }),
  })
}

async function post(run: string, body: object): Promise<{ stopped?: boolean }> {
  const answer = await fetch(`${tenant.url}/files/${tenant.organization}/${project}/${run}/file_stream`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tenant.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(answer.status).toBe(200)
  return z.object({ stopped: z.boolean().optional() }).parse(await answer.json())
}

const grid = { method: 'grid', parameters: { a: { values: [1, 2, 3] }, b: { values: ['x', 'y'] } } }
const valuesOf = ({ args = {} }: Command): unknown[] => Object.values(args).map(({ value }) => value)

describe('agents of a sweep', () => {
  it('never get the same point of a grid, and all of them', async () => {
    const sweep = await create({ ...grid, metric: { name: 'loss' } })
    expect((await details(sweep)).sweep).toMatchObject({ state: 'pending', expectedRuns: 6, runCount: 0, best: null })
    const agents = await Promise.all([agentOf(sweep), agentOf(sweep), agentOf(sweep)])
    const tried: string[] = []
    await Promise.all(
      agents.map(async (agent) => {
        for (;;) {
          const command = await agent.next()
          if (command.type !== 'run') return
          tried.push(JSON.stringify(valuesOf(command)))
          await carryOut(command, sweep, [tried.length])
        }
      }),
    )
    expect(tried.sort()).toEqual(['[1,"x"]', '[1,"y"]', '[2,"x"]', '[2,"y"]', '[3,"x"]', '[3,"y"]'])
    const { sweep: found, runs } = await details(sweep)
    expect(found).toMatchObject({ state: 'finished', runCount: 6, runningCount: 0, best: { value: 1 } })
    expect(runs.map(({ state }) => state)).toEqual(Array(6).fill('finished'))
    expect(runs.map(({ value }) => value).sort()).toEqual([1, 2, 3, 4, 5, 6])
    await expect(act(sweep, 'resume')).rejects.toThrow('all of its 6 runs were handed out; raise run_cap')
  })

  it('go on with a run that was preempted, under its id, however its script ended, until it finishes', async () => {
    const sweep = await create({ method: 'grid', parameters: { a: { values: [1] } } })
    const [first, second] = await Promise.all([agentOf(sweep), agentOf(sweep)])
    const handed = await first.next()
    const run = String(handed.run_id)
    const state = async () => (await details(sweep)).runs[0]?.state
    await carryOut(handed, sweep, [1], null)
    await post(run, { preempting: true })
    expect(await state()).toBe('preempting')
    // Signs of life say nothing of it, and it holds.
    await post(run, {})
    expect(await state()).toBe('preempting')
    expect(await second.beat()).toEqual([])
    await post(run, { complete: true, exitcode: 1 })
    expect(await state()).toBe('preempted')
    expect(await second.next()).toEqual(handed)
    // It is handed to one of them, who is told again; the other one waits.
    expect(await first.beat()).toEqual([])
    expect(await second.next()).toEqual(handed)
    await carryOut(handed, sweep, [2], null)
    expect(await state()).toBe('running')
    await post(run, { preempting: true })
    await until(async () => expect(await state()).toBe('preempted'))
    expect((await details(sweep)).sweep).toMatchObject({ state: 'running', runCount: 1, runningCount: 0 })
    expect(await first.next()).toEqual(handed)
    await carryOut(handed, sweep, [3], null)
    await post(run, { preempting: true })
    await post(run, { complete: true, exitcode: 0 })
    expect(await first.beat()).toEqual([{ type: 'exit' }])
    expect((await details(sweep)).sweep).toMatchObject({ state: 'finished', runCount: 1 })
    expect(await state()).toBe('finished')
  })

  it('give up a run that was preempted and that they do not go on with', async () => {
    const sweep = await create({ method: 'grid', parameters: { a: { values: [1] } } })
    const agent = await agentOf(sweep)
    const handed = await agent.next()
    await carryOut(handed, sweep, [1], null)
    await post(String(handed.run_id), { preempting: true })
    await post(String(handed.run_id), { complete: true, exitcode: 1 })
    for (let delivery = 0; delivery < 3; delivery++) expect(await agent.next()).toEqual(handed)
    expect(await agent.beat()).toEqual([{ type: 'exit' }])
    expect((await details(sweep)).sweep.state).toBe('finished')
  })

  it('go on with one that was handed to an agent which then vanished, as soon as that counts as gone', async () => {
    const sweep = await create({ method: 'grid', parameters: { a: { values: [1] } } })
    const [vanished, other] = await Promise.all([agentOf(sweep), agentOf(sweep)])
    const handed = await vanished.next()
    const run = String(handed.run_id)
    await carryOut(handed, sweep, [1], null)
    await post(run, { preempting: true })
    await post(run, { complete: true, exitcode: 1 })

    // As a server has it where runs may be silent for five minutes.
    const agents = createAgentsRepository(database, 300_000)
    const { rows } = await sql.query('SELECT id FROM organization WHERE slug = $1', [tenant.organization])
    const organizations = [{ id: String(rows[0]?.id), slug: tenant.organization, name: tenant.organization }]
    const identity = { userId: '', name: '', email: null, via: 'key', organizations, deletedOrganizations: [] } as const
    const scope = authorizeOrganization(identity, tenant.organization)
    const beat = (agent: { stored: string }, ...running: string[]) => agents.heartbeat(scope, agent.stored, running)
    expect(await beat(vanished)).toMatchObject([{ type: 'run', run }])
    await age(vanished.stored, 50_000)
    expect(await beat(other)).toEqual([])
    await age(vanished.stored, 10_000)
    expect(await beat(other)).toMatchObject([{ type: 'run', run, config: { a: 1 } }])
    // It was only cut off, and began the run: that is another one's now.
    expect(await beat(vanished, run)).toEqual([{ type: 'stop', run }])
    expect(await beat(vanished)).toEqual([])
    await carryOut(handed, sweep, [2], null)
    expect(await beat(other, run)).toEqual([])
    await post(run, { complete: true, exitcode: 0 })
    expect(await beat(other)).toEqual([{ type: 'exit' }])
    expect((await details(sweep)).sweep).toMatchObject({ state: 'finished', runCount: 1 })
  })

  it('are told again of a run that they did not begin, and have one at a time', async () => {
    const sweep = await create(grid)
    const agent = await agentOf(sweep)
    const first = await agent.next()
    expect(await agent.next()).toEqual(first)
    const run = String(first.run_id)
    expect(await agent.beat(run)).toEqual([])
    await carryOut(first, sweep, [1], null)
    expect(await agent.beat(run)).toEqual([])
    await carryOut(first, sweep, [1])
    const second = await agent.next()
    expect(valuesOf(second)).toEqual([1, 'y'])
    // One that was going on and left no run behind is given up.
    await agent.beat(String(second.run_id))
    expect(valuesOf(await agent.next())).toEqual([2, 'x'])
    // One that it never begins is given up after three times.
    for (let times = 0; times < 2; times++) expect(valuesOf(await agent.next())).toEqual([2, 'x'])
    expect(valuesOf(await agent.next())).toEqual([2, 'y'])
  })

  it('take over what one that went away never began, under another id', async () => {
    const sweep = await create({ ...grid, parameters: { a: { values: [1, 2] } } })
    const gone = await agentOf(sweep)
    const lost = await gone.next()
    const agent = await agentOf(sweep)
    const own = await agent.next()
    expect(valuesOf(own)).toEqual([2])
    await carryOut(own, sweep, [1])
    expect(await agent.beat()).toEqual([])
    await age(gone.stored, silenceMs)
    const [taken] = await agent.beat()
    expect(taken).toMatchObject({ type: 'run', args: { a: { value: 1 } } })
    expect(taken?.run_id).not.toBe(lost.run_id)
    await carryOut(taken ?? lost, sweep, [1])
    expect(await agent.beat()).toEqual([{ type: 'exit' }])
    expect((await details(sweep)).sweep.state).toBe('finished')
    expect((await details(sweep)).agents.map(({ state }) => state)).toEqual(['gone', 'exited'])
  })

  it('wait while it is paused, end when it is stopped, and stop their runs when it is canceled', async () => {
    const sweep = await create({ method: 'random', parameters: { lr: { min: 0.1, max: 1 } } })
    const agent = await agentOf(sweep)
    const first = await agent.next()
    await carryOut(first, sweep, [1], null)
    const run = String(first.run_id)
    expect(await act(sweep, 'pause')).toMatchObject({ state: 'paused' })
    await carryOut(first, sweep, [1])
    expect(await agent.beat()).toEqual([])
    expect(await act(sweep, 'resume')).toMatchObject({ state: 'running' })
    const second = await agent.next()
    await carryOut(second, sweep, [1], null)
    await act(sweep, 'stop')
    expect(await agent.beat(String(second.run_id))).toEqual([])
    expect(await agent.beat()).toEqual([{ type: 'exit' }])
    await act(sweep, 'cancel')
    expect(await agent.beat(String(second.run_id))).toEqual([{ type: 'stop', run_id: second.run_id }])
    expect(await post(String(second.run_id), { files: {} })).toEqual({ stopped: true })
    await post(String(second.run_id), { complete: true, exitcode: 1 })
    const { runs } = await details(sweep)
    expect(runs.map((one) => [one.run, one.state])).toEqual([
      [run, 'finished'],
      [second.run_id, 'killed'],
    ])
    for (const action of ['pause', 'resume', 'stop'] as const)
      await expect(act(sweep, action)).rejects.toMatchObject(code('CONFLICT'))
  })

  it('get no more runs than run_cap, nor after the target is reached', async () => {
    const capped = await create({ method: 'random', parameters: { lr: { min: 0.1, max: 1 } }, run_cap: 1 })
    const agent = await agentOf(capped)
    await carryOut(await agent.next(), capped, [1])
    expect(await agent.next()).toEqual({ type: 'exit' })
    const metric = { name: 'loss', goal: 'minimize', target: 0.5 }
    const aimed = await create({ method: 'random', parameters: { lr: { min: 0.1, max: 1 } }, metric })
    const other = await agentOf(aimed)
    await carryOut(await other.next(), aimed, [0.7])
    await carryOut(await other.next(), aimed, [0.5])
    expect(await other.next()).toEqual({ type: 'exit' })
    expect((await details(aimed)).sweep).toMatchObject({ state: 'finished', runCount: 2, best: { value: 0.5 } })
  })

  it('stop runs that hyperband ends, which are killed', async () => {
    const early = { type: 'hyperband', min_iter: 2, eta: 2 }
    const parameters = { x: { min: 0, max: 100 } }
    const sweep = await create({ method: 'bayes', metric: { name: 'loss' }, early_terminate: early, parameters })
    const agent = await agentOf(sweep)
    await carryOut(await agent.next(), sweep, [5, 1])
    const bad = await agent.next()
    await carryOut(bad, sweep, [9], null)
    expect(await agent.beat(String(bad.run_id))).toEqual([])
    await post(String(bad.run_id), {
      files: { 'wandb-history.jsonl': { offset: 1, content: [JSON.stringify({ _step: 1, loss: 3 })] } },
    })
    expect(await agent.beat(String(bad.run_id))).toEqual([{ type: 'stop', run_id: bad.run_id }])
    await post(String(bad.run_id), { complete: true, exitcode: 1 })
    const { runs } = await details(sweep)
    expect(runs.map(({ state, isStoppedEarly }) => [state, isStoppedEarly])).toEqual([
      ['finished', false],
      ['killed', true],
    ])
  })

  it('stop runs that hyperband ends for having no value but NaN', async () => {
    const early = { type: 'hyperband', min_iter: 2, eta: 2 }
    const sweep = await create({
      method: 'bayes',
      metric: { name: 'loss' },
      early_terminate: early,
      parameters: { x: { min: 0, max: 100 } },
    })
    const agent = await agentOf(sweep)
    await carryOut(await agent.next(), sweep, [5, 1])
    const bad = await agent.next()
    await carryOut(bad, sweep, [], null)
    const content = [0, 1].map((step) => `{"_step":${step},"_timestamp":1.7e9,"loss":NaN}`)
    await post(String(bad.run_id), { files: { 'wandb-history.jsonl': { offset: 0, content } } })
    expect(await agent.beat(String(bad.run_id))).toEqual([{ type: 'stop', run_id: bad.run_id }])
  })

  it('of another organization are not there', async () => {
    const sweep = await create(grid)
    const agent = await agentOf(sweep)
    const stranger = await testOrganization(server)
    const beat = 'mutation($input: AgentHeartbeatInput!) { agentHeartbeat(input: $input) { commands } }'
    expect(JSON.stringify(await ask(beat, { id: agent.id }, stranger))).toContain('NOT_FOUND')
    const create_ = 'mutation($input: CreateAgentInput!) { createAgent(input: $input) { agent { id } } }'
    const there = { host: 'x', entityName: tenant.organization, projectName: project, sweep }
    expect(JSON.stringify(await ask(create_, there, stranger))).toContain('NOT_FOUND')
    const { id } = (await details(sweep)).sweep
    const change = 'mutation($input: UpsertSweepInput!) { upsertSweep(input: $input) { sweep { name } } }'
    const input = { id: Buffer.from(`Sweep:${id}`).toString('base64'), state: 'CANCELED' }
    expect(JSON.stringify(await ask(change, input, stranger))).toContain('NOT_FOUND')
    expect((await details(sweep)).sweep.state).toBe('pending')
  })
})

describe('a sweep', () => {
  it('is refused with what to do, and is not found where it is not', async () => {
    const wrong = create({ method: 'grid', parameters: { lr: { min: 0.1, max: 1 } } })
    await expect(wrong).rejects.toThrow('parameters.lr: a grid cannot go through a continuous distribution')
    await expect(details('none')).rejects.toMatchObject(code('NOT_FOUND'))
    await expect(act('none', 'pause')).rejects.toMatchObject(code('NOT_FOUND'))
    await expect(
      client(tenant).sweeps.list.query({ organization: tenant.organization, project: 'none' }),
    ).rejects.toMatchObject(code('NOT_FOUND'))
  })

  it('is listed, newest first, and keeps what it searches once it has begun', async () => {
    const first = await create({ ...grid, name: 'one' })
    const second = await create({ ...grid, name: 'two' })
    const listed = await client(tenant).sweeps.list.query({ organization: tenant.organization, project })
    expect(listed.slice(0, 2).map(({ slug, displayName }) => [slug, displayName])).toEqual([
      [second, 'two'],
      [first, 'one'],
    ])
    const { id } = (await details(first)).sweep
    const change = (config: object) =>
      ask(
        'mutation($input: UpsertSweepInput!) { upsertSweep(input: $input) { sweep { displayName runCountExpected } } }',
        {
          id: Buffer.from(`Sweep:${id}`).toString('base64'),
          config: JSON.stringify(config),
        },
      )
    const agent = await agentOf(first)
    await agent.next()
    expect(await change({ ...grid, name: 'capped', run_cap: 2 })).toMatchObject({
      data: { upsertSweep: { sweep: { displayName: 'capped', runCountExpected: 2 } } },
    })
    const other = await change({ ...grid, method: 'random' })
    expect(JSON.stringify(other)).toContain('has handed out 1 runs: its method cannot change')
  })

  it('takes in runs from before it, and learns from them', async () => {
    const before = await testRun(tenant, { project, config: { x: 50 } })
    const document = { method: 'bayes', metric: { name: 'loss' }, parameters: { x: { min: 0, max: 100 } } }
    const made = await ask('mutation($input: UpsertSweepInput!) { upsertSweep(input: $input) { sweep { name } } }', {
      projectName: project,
      config: JSON.stringify(document),
      priorRunsFilters: JSON.stringify({ $or: [{ name: before.run }] }),
    })
    const { name } = z
      .object({ data: z.object({ upsertSweep: z.object({ sweep: z.object({ name: z.string() }) }) }) })
      .parse(made).data.upsertSweep.sweep
    expect((await details(name)).runs.map(({ run }) => run)).toEqual([before.run])
  })
})

describe('a run that goes on', () => {
  const stop = (run: string) => client(tenant).runs.stop.mutate({ organization: tenant.organization, project, run })

  it('is asked to stop, and hears of it', async () => {
    await ask(upsert, { name: 'live', modelName: project, host: 'here', jobProgram: 'train.py' })
    expect(await post('live', { files: {} })).toEqual({ stopped: false })
    const asked = await stop('live')
    expect(asked.stopAskedAt).toBeGreaterThan(0)
    expect((await stop('live')).stopAskedAt).toBe(asked.stopAskedAt)
    expect(await post('live', { files: {} })).toEqual({ stopped: true })
    await post('live', { complete: true, exitcode: 255 })
    await expect(stop('live')).rejects.toThrow('the run live is not running: it is killed')
  })

  it('hears of it by each acknowledgement, and was killed if it then falls silent', async () => {
    const run = await testRun(tenant, { project })
    expect(await postBatch(tenant, batchOf(run, {}))).toMatchObject({ isStopAsked: false })
    await stop(run.run)
    expect(await postBatch(tenant, batchOf(run, {}))).toMatchObject({ isStopAsked: true })
    const at = { organization: tenant.organization, project, run: run.run }
    await until(async () => expect((await client(tenant).runs.byId.query(at)).state).toBe('killed'))
    const again = await testRun(tenant, { project, run: run.run, resume: 'must' })
    expect(await postBatch(tenant, batchOf(again, {}))).toMatchObject({ isStopAsked: false })
  })

  it('is not asked where it is not', async () => {
    await expect(stop('none')).rejects.toMatchObject(code('NOT_FOUND'))
    await expect(stop('a b')).rejects.toMatchObject(code('BAD_REQUEST'))
  })
})
