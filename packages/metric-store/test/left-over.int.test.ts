import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { openEmbeddedEngine } from '../src/engine/embedded-engine.ts'
import { openMetricStore } from '../src/index.ts'
import { temporaryDirectory } from './stores.ts'

test('points that an earlier process had begun to cut off are gone before rollups are filled', async () => {
  using directory = temporaryDirectory()
  const { path } = directory
  const [project, run] = [randomUUID(), randomUUID()]
  const steps = Float64Array.from({ length: 2000 }, (_, step) => step)
  const metrics = [{ name: 'loss', rows: null, values: steps }]
  const first = await openMetricStore({ kind: 'embedded', path })
  await first.insert([{ project, run, stream: 'history', version: 1, steps, times: steps, metrics }], [])
  await first.roll()
  await first.close()

  // As `truncate` does it, but so slowly that it is not done when the process ends.
  const engine = await openEmbeddedEngine(path)
  await engine.command({
    sql: 'INSERT INTO rollup_resets (project, run, version) SELECT {project:UUID}, {run:UUID}, 2',
    parameters: { project, run },
  })
  await engine.command({
    sql: `DELETE FROM points WHERE run = {run:UUID} AND step >= 1000 AND sleepEachRow(0.001) = 0
          SETTINGS lightweight_deletes_sync = 0`,
    parameters: { run },
  })
  const left = async (): Promise<number> => {
    const sql = 'SELECT count() AS count FROM system.mutations WHERE NOT is_done'
    return (await engine.query({ sql, row: z.object({ count: z.coerce.number() }) }))[0]?.count ?? 0
  }
  expect(await left()).toBe(1)
  const store = await openMetricStore({ kind: 'embedded', path })
  while (await store.roll());
  await expect.poll(left, { timeout: 30_000 }).toBe(0)
  expect((await store.checkRollups()).wrong).toEqual([])
  const request = {
    project,
    width: 100,
    series: [{ run, metric: 'loss', stream: 'history', x: { kind: 'step' }, segments: [] }],
  } as const
  expect((await store.series(request)).series[0]).toMatchObject({ count: 1000 })
  await store.close()
  await engine.close()
}, 120_000)
