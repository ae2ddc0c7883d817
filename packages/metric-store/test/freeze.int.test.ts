import { randomUUID } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type MetricStore, openMetricStore, type RunKey } from '../src/index.ts'
import { temporaryDirectory } from './stores.ts'

const newRun = (): RunKey => ({ project: randomUUID(), run: randomUUID() })

const log = (store: MetricStore, key: RunKey, version: number, count: number): Promise<void> => {
  const steps = Float64Array.from({ length: count }, (_, step) => step)
  const metrics = [{ name: 'loss', rows: null, values: steps.map((step) => step * version) }]
  return store.insert(
    [{ ...key, stream: 'history', version, steps, times: steps, metrics }],
    [{ ...key, version, metric: 'note', step: 0, time: 0, value: `v${version}` }],
    [{ ...key, version, writer: key.run, label: null, line: 0, stream: 'stdout', time: 0, text: `v${version}` }],
  )
}

async function read(store: MetricStore, key: RunKey): Promise<{ values: number[]; texts: unknown[]; lines: string[] }> {
  const values: number[] = []
  for await (const chunk of store.points({ ...key, metric: 'loss', stream: 'history' })) values.push(...chunk.values)
  const texts = (await store.texts(key)).map(({ value }) => value)
  const lines = (await store.console(key, { from: 0, limit: 10 })).lines.map(({ text }) => text)
  return { values, texts, lines }
}

describe('frozen tables', () => {
  test('are a directory of ClickHouse as it was at the cut, whatever comes after', async () => {
    using from = temporaryDirectory()
    using to = temporaryDirectory()
    const kept = newRun()
    const cutOff = newRun()
    const later = newRun()
    const store = await openMetricStore({ kind: 'embedded', path: from.path })
    await log(store, kept, 1, 1000)
    await log(store, kept, 2, 500)
    await log(store, cutOff, 3, 100)
    await store.truncate(cutOff, 49)
    const before = { kept: await read(store, kept), cutOff: await read(store, cutOff) }
    const written: Promise<void>[] = []
    const frozen = await store.freeze(async () => {
      // What is written from now on waits for the cut.
      written.push(log(store, later, 4, 10), store.truncate(kept, 0))
      await new Promise((resolve) => setTimeout(resolve, 50))
    })
    await Promise.all(written)
    // A deletion waits for no cut: its run is marked as deleted long before, in the backup too, where it is purged again.
    await store.deleteRun(cutOff)
    expect(frozen.heldMs).toBeGreaterThanOrEqual(49)
    expect((await read(store, later)).values).toHaveLength(10)
    for (const { path, source } of frozen.files) {
      mkdirSync(dirname(join(to.path, path)), { recursive: true })
      cpSync(source, join(to.path, path))
    }
    await frozen.release()
    expect(readdirSync(join(from.path, 'shadow')).filter((name) => name.startsWith('kiroku'))).toEqual([])
    await store.close()

    const copy = await openMetricStore({ kind: 'embedded', path: to.path })
    expect({ kept: await read(copy, kept), cutOff: await read(copy, cutOff) }).toEqual(before)
    expect(before.kept.values).toHaveLength(1000)
    expect(before.cutOff.values).toHaveLength(50)
    expect((await read(copy, later)).values).toEqual([])
    // It goes on as any other: inserts replace, deletes delete.
    await log(copy, kept, 5, 10)
    await copy.truncate(cutOff, 9)
    expect((await read(copy, kept)).values.slice(0, 12)).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 20, 22])
    expect((await read(copy, cutOff)).values).toHaveLength(10)
    await copy.close()
  })

  test('that a killed process left are removed by the next one; a cut that fails leaves none', async () => {
    using directory = temporaryDirectory()
    const first = await openMetricStore({ kind: 'embedded', path: directory.path })
    const shadow = join(directory.path, 'shadow')
    await expect(first.freeze(() => Promise.reject(new Error('no snapshot')))).rejects.toThrow(/no snapshot/)
    await log(first, newRun(), 1, 10)
    await first.freeze(async () => {})
    expect(readdirSync(shadow).filter((name) => name.startsWith('kiroku'))).toHaveLength(1)
    await first.close()
    const second = await openMetricStore({ kind: 'embedded', path: directory.path })
    expect(existsSync(shadow) ? readdirSync(shadow).filter((name) => name.startsWith('kiroku')) : []).toEqual([])
    await second.close()
  })
})
