import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeHistoryBatch } from '@kiroku/core/history'
import { openMetricStore } from '@kiroku/metric-store'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Engines, openEngines } from '../../engines/index.ts'
import { startServer } from '../../index.ts'
import {
  attachFile,
  batchOf,
  type Caller,
  client,
  postBatch,
  postBytes,
  spawnServer,
  type TestRun,
  testOrganization,
  testRun,
  until,
} from '../../testing/index.ts'

let directory: string
let engines: Engines
let database: pg.Client

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiroku-test-'))
  engines = await openEngines({ dataDir: join(directory, 'postgres') })
})
afterAll(async () => {
  await database.end()
  await engines.close()
  await rm(directory, { recursive: true, force: true })
})

const rows = [{ step: 0, values: { loss: 7 } }]
const line = { line: 0, stream: 'stdout', time: 0, text: 'printed' } as const
const text = { step: 0, time: 0, metric: 'note', value: 'a text' }

async function filledRun(caller: Caller, project: string): Promise<TestRun> {
  const run = await testRun(caller, { project })
  await postBatch(caller, batchOf(run, { rows, systemRows: rows, texts: [text], console: [line] }))
  await attachFile(caller, run, { path: 'own', content: `${project} ${run.run}`, firstSeq: 5 })
  return run
}

const count = async (sql: string, ...values: unknown[]): Promise<number> => {
  const { rows: found } = await database.query(sql, values)
  return Number(found[0].count)
}
const idsOf = async (run: TestRun): Promise<{ project: string; run: string }> =>
  (
    await database.query(
      `SELECT run.id AS run, project_id AS project FROM run JOIN project ON project.id = project_id
       JOIN organization ON organization.id = organization_id WHERE run.slug = $1`,
      [run.run],
    )
  ).rows[0]

it('a purge that kill -9 ends goes on at the next start, and takes all of a project and of an organization, and no other', async () => {
  const { databaseUrl } = engines
  const dataDir = join(directory, 'data')
  database = new pg.Client({ connectionString: databaseUrl })
  await database.connect()
  // Makes the organizations, which a server in a process of its own does not.
  const first = await startServer({ dataDir, databaseUrl, port: 0, logLevel: 'error' })
  const [owner, leaving] = [await testOrganization(first), await testOrganization(first)]
  await first.close()
  await using server = await spawnServer({ dataDir, databaseUrl, purgeAfterMs: 2000, holdAfterErase: true })
  const { url } = server
  const [caller, left] = [
    { ...owner, url },
    { ...leaving, url },
  ]
  const doomed = await filledRun(caller, 'doomed')
  const kept = await filledRun(caller, 'kept')
  const gone = await filledRun(left, 'theirs')
  const ids = await Promise.all([doomed, kept, gone].map(idsOf))
  const organizationId = async (slug: string): Promise<string> =>
    (await database.query('SELECT id FROM organization WHERE slug = $1', [slug])).rows[0].id
  const [home, goneHome] = [await organizationId(owner.organization), await organizationId(leaving.organization)]
  const { id } = await client(caller).projects.delete.mutate(doomed)
  await client(left).organizations.delete.mutate({ organization: left.organization })
  await server.erased()
  await server.kill()
  expect(await count('SELECT count(*) FROM project WHERE id = $1', id)).toBe(1)
  await server.restart()
  await until(async () => {
    expect(await count('SELECT count(*) FROM project WHERE id = $1', id)).toBe(0)
    expect(await count('SELECT count(*) FROM organization WHERE id = $1', goneHome)).toBe(0)
  })
  // What its script, which never said that it ended, still sends is refused and makes no new project.
  const late = await postBytes(caller, encodeHistoryBatch(batchOf(doomed, { firstSeq: 6, rows })))
  expect(late.status).toBe(409)
  await expect(testRun(caller, doomed)).rejects.toThrow('was deleted')
  const restoring = client(caller).projects.restore.mutate({ organization: owner.organization, id })
  await expect(restoring).rejects.toThrow('no deleted project')
  await expect(client(left).viewer.me.query()).rejects.toThrow('no user has this API key')
  for (const table of ['run_metric', 'run_file', 'writer'] as const)
    for (const [index, { run }] of ids.entries())
      expect(await count(`SELECT count(*) FROM ${table} WHERE run_id = $1`, run)).toBe(
        index === 1 ? { run_metric: 2, run_file: 1, writer: 1 }[table] : 0,
      )
  await until(async () => {
    const left = await readdir(join(dataDir, 'files'), { recursive: true, withFileTypes: true })
    expect(left.filter((entry) => entry.isFile()).map(({ parentPath }) => parentPath.includes(home))).toEqual([true])
  })
  expect(await readdir(join(dataDir, 'files'))).not.toContain(goneHome)
  await server.stop()
  const store = await openMetricStore({ kind: 'embedded', path: join(dataDir, 'clickhouse') })
  const stored = await Promise.all(
    ids.map(async (key) => {
      const points: number[] = []
      for (const stream of ['history', 'system'] as const)
        for await (const { values } of store.points({ ...key, stream, metric: 'loss' })) points.push(...values)
      return [points.length, (await store.texts(key)).length, (await store.console(key, { from: 0, limit: 1 })).total]
    }),
  )
  await store.close()
  expect(stored).toEqual([
    [0, 0, 0],
    [2, 1, 1],
    [0, 0, 0],
  ])
}, 180_000)
