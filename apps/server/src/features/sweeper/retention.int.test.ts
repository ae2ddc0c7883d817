import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Engines, openEngines } from '../../engines/index.ts'
import {
  batchOf,
  type Caller,
  client,
  postBatch,
  type TestRun,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
  until,
} from '../../testing/index.ts'

const purgeAfterMs = 4000
const dayMs = 24 * 60 * 60 * 1000
let directory: string
let engines: Engines
let server: TestServer
let database: pg.Client
let caller: Caller & { organization: string }

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiroku-test-'))
  engines = await openEngines({ dataDir: join(directory, 'postgres') })
  server = await testServer({ databaseUrl: engines.databaseUrl, purgeAfterMs })
  caller = await testOrganization(server)
  database = new pg.Client({ connectionString: engines.databaseUrl })
  await database.connect()
})
afterAll(async () => {
  await database.end()
  await server.close()
  await engines.close()
  await rm(directory, { recursive: true, force: true })
})

const at = (project: string) => ({ organization: caller.organization, project })

/** A run that ended so many days ago, and that the server knows for as long unless it came late. */
async function endedRun(
  project: string,
  days: number,
  given: { tags?: string[]; cameDays?: number } = {},
): Promise<TestRun> {
  const time = Date.now() - days * dayMs
  const run = await testRun(caller, { project, startedAt: time - 1000, tags: given.tags ?? [] })
  const finish = { type: 'finish', state: 'finished', exitCode: 0, time } as const
  await postBatch(caller, batchOf(run, { rows: [{ step: 0, values: { loss: 1 } }], updates: [finish] }))
  const cameMs = (given.cameDays ?? days) * dayMs
  await database.query(`UPDATE run SET created_at = now() - $2::float8 * interval '1 millisecond' WHERE slug = $1`, [
    run.run,
    cameMs,
  ])
  return run
}

const runsOf = async (project: string): Promise<string[]> =>
  (await client(caller).runs.list.query(at(project))).runs.map(({ slug }) => slug).sort()
const slugs = (...runs: TestRun[]): string[] => runs.map(({ run }) => run).sort()

it('runs go some days after they ended, and nothing else does; what will go is told before', async () => {
  const project = 'aging'
  const old = await endedRun(project, 31)
  const tagged = await endedRun(project, 400, { tags: ['keep', 'best'] })
  const soon = await endedRun(project, 25)
  const fresh = await endedRun(project, 10)
  const cameLate = await endedRun(project, 400, { cameDays: 1 })
  const running = await testRun(caller, { project, startedAt: Date.now() - 400 * dayMs })
  const elsewhere = await endedRun('for ever', 4000)
  const api = client(caller)
  const expiring = (retentionDays: number) => api.projects.expiring.query({ ...at(project), retentionDays })
  expect(await expiring(30)).toEqual({ now: 1, soon: 1, kept: 1 })
  expect(await expiring(1)).toEqual({ now: 4, soon: 0, kept: 1 })
  expect(await expiring(10_000)).toEqual({ now: 0, soon: 0, kept: 0 })
  await expect(expiring(0)).rejects.toThrow('at least 1 day')
  expect(await runsOf(project)).toEqual(slugs(old, tagged, soon, fresh, cameLate, running))
  await api.projects.update.mutate({ ...at(project), set: { retentionDays: 30 } })
  await until(async () => expect(await runsOf(project)).toEqual(slugs(tagged, soon, fresh, cameLate, running)))
  // Undone, it stays: the tag keeps it.
  const restored = await api.runs.restore.mutate({ ...at(project), run: old.run })
  expect(restored.tags).toEqual(['keep'])
  await api.projects.update.mutate({ ...at(project), set: { retentionDays: 20 } })
  await until(async () => expect(await runsOf(project)).toEqual(slugs(old, tagged, fresh, cameLate, running)))
  const purged = async (slug: string): Promise<unknown> =>
    (await database.query('SELECT purged_at AS at FROM run WHERE slug = $1', [slug])).rows[0].at
  await until(async () => expect(await purged(soon.run)).not.toBeNull())
  await expect(api.runs.restore.mutate({ ...at(project), run: soon.run })).rejects.toThrow('no deleted run')
  expect(await runsOf(project)).toEqual(slugs(old, tagged, fresh, cameLate, running))
  expect(await runsOf('for ever')).toEqual(slugs(elsewhere))
})

it('a run that is imported stays as long as one that just came, however old its record says that it is', async () => {
  const project = 'imported'
  const old = await endedRun('exported', 400)
  const record = await client(caller).runs.record.query({ ...at('exported'), run: old.run })
  const copy = await testRun(caller, { project })
  const writers = [copy.writer]
  const imported = { type: 'imported', run: { ...record, slug: copy.run }, writers } as const
  expect(await postBatch(caller, batchOf(copy, { updates: [imported] }))).toMatchObject({ rejected: [] })
  const address = { ...at(project), run: copy.run }
  expect((await client(caller).runs.record.query(address)).createdAt).toBe(record.createdAt)
  const expiring = await client(caller).projects.expiring.query({ ...at(project), retentionDays: 30 })
  expect(expiring).toEqual({ now: 0, soon: 0, kept: 0 })
})

it('a run that is deleted by hand comes back as it was', async () => {
  const run = await endedRun('by hand', 1, { tags: ['one'] })
  const api = client(caller)
  const address = { ...at('by hand'), run: run.run }
  await api.runs.delete.mutate(address)
  expect((await api.runs.restore.mutate(address)).tags).toEqual(['one'])
})
