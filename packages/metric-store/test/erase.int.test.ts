import { randomUUID } from 'node:crypto'
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { openEmbeddedEngine } from '../src/engine/embedded-engine.ts'
import type { Engine } from '../src/engine/engine.ts'
import { openServerEngine } from '../src/engine/server-engine.ts'
import { openMetricStore, type RunKey, runTables, type StoredLine, type StoredText } from '../src/index.ts'
import { loggedTables } from '../src/run-tables.ts'
import { engines, startClickhouse, type TestStore, temporaryDirectory } from './stores.ts'

const pointCount = 20_000

/** Noise, so that what is stored cannot be small. */
const block = (key: RunKey, version = 1) => ({
  ...key,
  stream: 'history' as const,
  version,
  steps: Float64Array.from({ length: pointCount }, (_, step) => step),
  times: Float64Array.from({ length: pointCount }, (_, step) => step),
  metrics: [{ name: 'm', rows: null, values: Float64Array.from({ length: pointCount }, () => Math.random()) }],
})
const text = (key: RunKey, value = 'a text'): StoredText => ({
  ...key,
  version: 1,
  metric: 't',
  step: 1,
  time: 1,
  value,
})
const line = (key: RunKey, printed = 'a line'): StoredLine => ({
  ...key,
  version: 1,
  writer: key.run,
  label: null,
  line: 0,
  stream: 'stdout',
  time: 1,
  text: printed,
})
const newRun = (project: string = randomUUID()): RunKey => ({ project, run: randomUUID() })

/** The rows of each table that parts in use hold, whether a query sees them or not. */
async function rowsOnDisk(engine: Engine): Promise<Record<string, number>> {
  const rows = await engine.query({
    sql: `SELECT table, sum(rows) AS rows FROM system.parts
          WHERE active AND table IN {tables:Array(String)} GROUP BY table`,
    parameters: { tables: runTables },
    row: z.object({ table: z.string(), rows: z.coerce.number() }),
  })
  return Object.fromEntries(rows.map(({ table, rows: count }) => [table, count]))
}

test('every table that has a project and a run is one that runs are deleted from', async () => {
  using directory = temporaryDirectory()
  const store = await openMetricStore({ kind: 'embedded', path: directory.path })
  await store.close()
  const engine = await openEmbeddedEngine(directory.path)
  const found = await engine.query({
    sql: "SELECT DISTINCT table FROM system.columns WHERE database = currentDatabase() AND name = 'run'",
    row: z.object({ table: z.string() }),
  })
  await engine.close()
  expect(found.map(({ table }) => table).sort()).toEqual([...runTables].sort())
})

describe.each(engines)('$kind', ({ open, isMissing }) => {
  describe.skipIf(isMissing)('a store', () => {
    let opened: TestStore
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened[Symbol.asyncDispose]())
    const countOf = async (key: RunKey): Promise<number> => {
      let count = 0
      for await (const { steps } of opened.store.points({ ...key, stream: 'history', metric: 'm' }))
        count += steps.length
      return count
    }

    test('deletes many runs of several projects, all of them and no other, while points come in', async () => {
      const { store } = opened
      const project = randomUUID()
      const doomed = [newRun(project), newRun(project), newRun()]
      const kept = [newRun(project), newRun()]
      for (const key of [...doomed, ...kept]) await store.insert([block(key)], [text(key)], [line(key)])
      const late = newRun(project)
      await Promise.all([store.deleteRuns(doomed), store.insert([block(late)], [], [])])
      expect(await Promise.all([...doomed, ...kept, late].map(countOf))).toEqual([
        0,
        0,
        0,
        pointCount,
        pointCount,
        pointCount,
      ])
      for (const key of doomed) {
        expect(await store.texts(key)).toEqual([])
        expect((await store.console(key, { from: 0, limit: 1 })).total).toBe(0)
      }
      for (const key of kept) {
        expect(await store.texts(key)).toHaveLength(1)
        expect((await store.console(key, { from: 0, limit: 1 })).total).toBe(1)
      }
      await store.deleteRuns(doomed)
      await store.deleteRuns([])
      expect(await countOf(kept[0] ?? late)).toBe(pointCount)
    })

    test('deletes a project and leaves the others', async () => {
      const { store } = opened
      const project = randomUUID()
      const doomed = [newRun(project), newRun(project)]
      const other = newRun()
      for (const key of [...doomed, other]) await store.insert([block(key)], [text(key)], [line(key)])
      await store.deleteProject(project)
      expect(await Promise.all([...doomed, other].map(countOf))).toEqual([0, 0, pointCount])
      expect(await store.contents([project], 'project')).toEqual([])
      expect(await store.texts(other)).toHaveLength(1)
    })

    test('tells what texts and lines take, by run and by project', async () => {
      const { store } = opened
      const project = randomUUID()
      const [one, other] = [newRun(project), newRun(project)]
      const long = Array.from({ length: 5000 }, () => randomUUID()).join('')
      await store.insert([block(one)], [text(one), text(other, long)], [line(one), { ...line(one), line: 1 }])
      await store.insert([], [{ ...text(one), version: 2, value: 'replaced' }], [{ ...line(one), version: 2 }])
      const byRun = await store.contents([project], 'run')
      const of = ({ run }: RunKey) => byRun.find((entry) => entry.run === run)
      expect(of(one)).toMatchObject({ project, textCount: 1, lineCount: 2 })
      expect(of(other)).toMatchObject({ project, textCount: 1, lineCount: 0, lineBytes: 0 })
      expect(of(one)?.textBytes).toBeGreaterThan(0)
      expect(of(other)?.textBytes).toBeGreaterThan(50 * (of(one)?.textBytes ?? 0))
      expect(await store.contents([project], 'project')).toMatchObject([
        { project, run: null, textCount: 2, lineCount: 2 },
      ])
      expect(await store.contents([], 'project')).toEqual([])
      const bytes = await store.bytesPerPoint()
      // A random float64 cannot be stored in less than six bytes or so.
      expect(bytes).toBeGreaterThan(5)
      expect(bytes).toBeLessThan(12)
    })
  })
})

const sizeOf = (directory: string): number =>
  readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce(
      (sum, entry) => sum + (lstatSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    )

describe('what is deleted', () => {
  test('is in no part any more, nor on the disk once old parts are gone', async () => {
    using directory = temporaryDirectory()
    const { path } = directory
    const [doomed, kept] = [newRun(), newRun()]
    const store = await openMetricStore({ kind: 'embedded', path })
    for (const version of [1, 2, 3]) await store.insert([block(doomed, version)], [text(doomed)], [line(doomed)])
    await store.insert([{ ...block(kept), metrics: [] }], [text(kept)], [line(kept)])
    const before = sizeOf(path)
    await store.deleteRuns([doomed])
    await store.close()
    const altering = await openEmbeddedEngine(path)
    expect(await rowsOnDisk(altering)).toEqual({ points: 0, texts: 1, console: 1 })
    // ClickHouse keeps parts of no use for a minute, and looks for them every half minute to every minute.
    const soon = 'old_parts_lifetime = 1, cleanup_delay_period = 1, max_cleanup_delay_period = 1'
    for (const table of loggedTables) await altering.command({ sql: `ALTER TABLE ${table} MODIFY SETTING ${soon}` })
    await altering.close()
    const engine = await openEmbeddedEngine(path)
    await expect.poll(() => sizeOf(path), { timeout: 90_000, interval: 1000 }).toBeLessThan(before - 7 * 3 * pointCount)
    await engine.close()
  }, 120_000)

  test.skipIf(engines[1].isMissing)('is in no part of a server any more', async () => {
    await using server = await startClickhouse()
    const store = await openMetricStore({ kind: 'server', url: server.url })
    const doomed = newRun()
    await store.insert([block(doomed)], [text(doomed)], [line(doomed)])
    await store.deleteProject(doomed.project)
    await store.close()
    const engine = await openServerEngine(server.url)
    expect(Object.values(await rowsOnDisk(engine)).reduce((sum, rows) => sum + rows, 0)).toBe(0)
    await engine.close()
  })
})
