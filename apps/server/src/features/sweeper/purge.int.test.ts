import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openMetricStore } from '@kiroku/metric-store'
import pg from 'pg'
import { expect, it } from 'vitest'
import { openEngines } from '../../engines/index.ts'
import { startServer } from '../../index.ts'
import {
  attachFile,
  batchOf,
  client,
  postBatch,
  sha256Of,
  testOrganization,
  testRun,
  until,
} from '../../testing/index.ts'

it('a deleted run loses its points, lines and files when nobody wants it back, keeps its id, and leaves other runs alone', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kiroku-test-'))
  const engines = await openEngines({ dataDir: join(directory, 'postgres') })
  const server = await startServer({
    dataDir: join(directory, 'data'),
    databaseUrl: engines.databaseUrl,
    port: 0,
    crashAfterMs: 400,
    // Long enough that an upload is linked before a sweep takes it for forgotten.
    purgeAfterMs: 3000,
    logLevel: 'error',
  })
  const caller = await testOrganization(server)
  const api = client(caller)
  const [gone, kept] = [await testRun(caller), await testRun(caller)]
  const rows = [{ step: 0, values: { loss: 7 } }]
  const line = { line: 0, stream: 'stdout', time: 0, text: 'printed' } as const
  for (const run of [gone, kept]) {
    await postBatch(caller, batchOf(run, { rows, console: [line] }))
    await attachFile(caller, run, { path: 'common', content: 'common', firstSeq: 3 })
    await attachFile(caller, run, { path: 'own', content: run.run, firstSeq: 4 })
  }
  const contents = async (): Promise<string[]> => {
    const entries = await readdir(join(server.dataDir, 'files'), { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  }
  const hashes = ['common', kept.run].map(sha256Of)
  expect((await contents()).sort()).toEqual([...hashes, sha256Of(gone.run)].sort())
  const address = { organization: gone.organization, project: gone.project, run: gone.run }
  await api.runs.delete.mutate(address)
  const database = new pg.Client({ connectionString: engines.databaseUrl })
  await database.connect()
  const find = async (slug: string) =>
    (await database.query('SELECT id, project_id AS project, purged_at AS "purgedAt" FROM run WHERE slug = $1', [slug]))
      .rows[0]
  await until(async () => expect((await find(gone.run)).purgedAt).not.toBeNull())
  await until(async () => expect((await contents()).sort()).toEqual([...hashes].sort()))
  await expect(api.runs.restore.mutate(address)).rejects.toThrow('no deleted run')
  await expect(testRun(caller, { run: gone.run })).rejects.toThrow('deleted')
  const [goneRow, keptRow] = [await find(gone.run), await find(kept.run)]
  await database.end()
  await server.close()
  const store = await openMetricStore({ kind: 'embedded', path: join(server.dataDir, 'clickhouse') })
  const values = async ({ id, project }: { id: string; project: string }): Promise<number[]> => {
    const found: number[] = []
    for await (const chunk of store.points({ project, run: id, metric: 'loss', stream: 'history' }))
      found.push(...chunk.values)
    return found
  }
  expect(await values(goneRow)).toEqual([])
  expect(await values(keptRow)).toEqual([7])
  const printed = async ({ id, project }: { id: string; project: string }): Promise<number> =>
    (await store.console({ project, run: id }, { from: 0, limit: 10 })).total
  expect([await printed(goneRow), await printed(keptRow)]).toEqual([0, 1])
  await store.close()
  await engines.close()
  await rm(directory, { recursive: true, force: true })
})
