import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openMetricStore } from '@kiroku/metric-store'
import pg from 'pg'
import { expect, it } from 'vitest'
import { openEngines } from '../../engines/index.ts'
import { startServer } from '../../index.ts'
import { batchOf, client, postBatch, testOrganization, testRun, until } from '../../testing/index.ts'

it('a deleted run loses its points when nobody wants it back, keeps its id, and leaves other runs alone', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kiroku-test-'))
  const engines = await openEngines({ dataDir: join(directory, 'postgres') })
  const server = await startServer({
    dataDir: join(directory, 'data'),
    databaseUrl: engines.databaseUrl,
    port: 0,
    crashAfterMs: 400,
    purgeAfterMs: 300,
    logLevel: 'error',
  })
  const caller = await testOrganization(server)
  const api = client(caller)
  const [gone, kept] = [await testRun(caller), await testRun(caller)]
  const rows = [{ step: 0, values: { loss: 7 } }]
  for (const run of [gone, kept]) await postBatch(caller, batchOf(run, { rows }))
  const address = { organization: gone.organization, project: gone.project, run: gone.run }
  await api.runs.delete.mutate(address)
  const database = new pg.Client({ connectionString: engines.databaseUrl })
  await database.connect()
  const find = async (slug: string) =>
    (await database.query('SELECT id, project_id AS project, purged_at AS "purgedAt" FROM run WHERE slug = $1', [slug]))
      .rows[0]
  await until(async () => expect((await find(gone.run)).purgedAt).not.toBeNull())
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
  await store.close()
  await engines.close()
  await rm(directory, { recursive: true, force: true })
})
