import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { openEmbeddedEngine } from '../src/engine/embedded-engine.ts'
import { openMetricStore } from '../src/index.ts'
import { migrate } from '../src/migrations.ts'
import { temporaryDirectory } from './stores.ts'

test('migrations run once, and again after one that was cut short', async () => {
  using directory = temporaryDirectory()
  const key = { project: randomUUID(), run: randomUUID() }
  const at = Float64Array.of(1)
  const block = {
    ...key,
    stream: 'history' as const,
    version: 1,
    steps: at,
    times: at,
    metrics: [{ name: 'm', rows: null, values: at }],
  }
  const first = await openMetricStore({ kind: 'embedded', path: directory.path })
  await first.insert([block], [])
  await first.close()

  const engine = await openEmbeddedEngine(directory.path)
  const recorded = (): Promise<unknown> =>
    engine.query({ sql: 'SELECT id, count() AS times FROM migrations GROUP BY id ORDER BY id', row: z.unknown() })
  const once = await recorded()
  await migrate(engine)
  expect(await recorded()).toEqual(once)
  await engine.command({ sql: 'TRUNCATE TABLE migrations' })
  await engine.command({ sql: 'DROP TABLE texts' })
  await migrate(engine)
  expect(await recorded()).toEqual(once)
  await engine.close()

  const again = await openMetricStore({ kind: 'embedded', path: directory.path })
  const values: number[] = []
  for await (const points of again.points({ ...key, stream: 'history', metric: 'm' })) values.push(...points.values)
  expect(values).toEqual([1])
  expect(await again.texts(key)).toEqual([])
  await again.close()
})
