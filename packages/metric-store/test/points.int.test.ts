import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MetricStore, PointChunk, RunKey } from '../src/index.ts'
import { engines, type TestStore } from './stores.ts'

const newRun = (): RunKey => ({ project: randomUUID(), run: randomUUID() })
const steps = (...values: number[]): Float64Array<ArrayBuffer> => Float64Array.from(values)

async function readBack(store: MetricStore, key: RunKey, metric: string): Promise<Record<keyof PointChunk, number[]>> {
  const all: Record<keyof PointChunk, number[]> = { steps: [], times: [], values: [] }
  for await (const chunk of store.points({ ...key, stream: 'history', metric })) {
    all.steps.push(...chunk.steps)
    all.times.push(...chunk.times)
    all.values.push(...chunk.values)
  }
  return all
}

for (const { kind, open, isMissing } of engines) {
  describe.skipIf(isMissing)(`on the ${kind} engine`, () => {
    let opened: TestStore
    let store: MetricStore

    beforeAll(async () => {
      opened = await open()
      store = opened.store
    })

    afterAll(async () => {
      await opened[Symbol.asyncDispose]()
    })

    const pointsOf = (key: RunKey, metric: string): ReturnType<typeof readBack> => readBack(store, key, metric)

    test('points come a page at a time, after a step', async () => {
      const key = newRun()
      const count = 1_200_000
      const rising = Float64Array.from({ length: count }, (_, index) => index - 5)
      const metrics = [{ name: 'loss', rows: null, values: rising }]
      await store.insert([{ ...key, stream: 'history', version: 1, steps: rising, times: rising, metrics }], [])
      const page = async (query: { after?: number; limit?: number }): Promise<[number, number | undefined, number]> => {
        const read: number[] = []
        for await (const chunk of store.points({ ...key, stream: 'history', metric: 'loss', ...query }))
          for (const step of chunk.steps) read.push(step)
        return [read.length, read[0], read.at(-1) ?? Number.NaN]
      }
      expect(await page({ limit: 3 })).toEqual([3, -5, -3])
      expect(await page({ after: -5, limit: 2 })).toEqual([2, -4, -3])
      expect(await page({ after: 10, limit: 700_000 })).toEqual([700_000, 11, 700_010])
      expect(await page({ after: count - 8 })).toEqual([2, count - 7, count - 6])
      expect(await page({ after: count, limit: 10 })).toEqual([0, undefined, Number.NaN])
    })

    test('points come back as they went in, whatever their bits, names and order', async () => {
      const key = newRun()
      const values = steps(
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        -0,
        5e-324,
        0.1,
        -1.7976931348623157e308,
      )
      const names = ['loss', 'it\'s \\ "quoted" `é` \n\t\0 記録 🙂 {x:String} -- /*', ' ', 'a.b/c']
      const block = {
        ...key,
        stream: 'history' as const,
        version: 1,
        steps: steps(-(2 ** 53 - 1), -1, 0, 1, 2, 1000, 2 ** 53 - 1),
        times: steps(0, 1, -5, 1.7e12, 1.7e12, 1.7e12 + 0.4, 8.64e15),
        metrics: names.map((name) => ({ name, rows: null, values })),
      }
      await store.insert([block], [])
      for (const name of names) {
        const read = await pointsOf(key, name)
        expect(read.steps).toEqual([...block.steps])
        expect(read.times).toEqual([0, 1, -5, 1.7e12, 1.7e12, 1.7e12, 8.64e15])
        expect(Buffer.from(Float64Array.from(read.values).buffer)).toEqual(Buffer.from(values.buffer))
      }
    })

    test('a metric that is not in every row keeps its rows', async () => {
      const key = newRun()
      await store.insert(
        [
          {
            ...key,
            stream: 'history',
            version: 1,
            steps: steps(10, 20, 30),
            times: steps(1, 2, 3),
            metrics: [{ name: 'm', rows: Uint32Array.of(0, 2), values: steps(0.5, 1.5) }],
          },
        ],
        [],
      )
      expect(await pointsOf(key, 'm')).toEqual({ steps: [10, 30], times: [1, 3], values: [0.5, 1.5] })
    })

    test('of points at one step the one of the highest version stands, and the last row of a block', async () => {
      const key = newRun()
      const block = (version: number, at: Float64Array<ArrayBuffer>, values: Float64Array<ArrayBuffer>) => ({
        ...key,
        stream: 'history' as const,
        version,
        steps: at,
        times: at,
        metrics: [{ name: 'm', rows: null, values }],
      })
      await store.insert([block(5, steps(1, 2, 1, 3), steps(10, 20, 11, 30))], [])
      await store.insert([block(4, steps(2), steps(-1)), block(6, steps(3), steps(31))], [])
      await store.insert([block(5, steps(1, 2, 1, 3), steps(10, 20, 11, 30))], [])
      expect(await pointsOf(key, 'm')).toEqual({ steps: [1, 2, 3], times: [1, 2, 3], values: [11, 20, 31] })
    })

    test('texts keep their values, and the newest stands', async () => {
      const key = newRun()
      const text = { ...key, metric: 'note', step: 1, time: 7, version: 1, value: { $n: 'NaN' } }
      const other = { ...text, metric: 'other', value: ['é', null, "'\\", { deep: [1, true] }] }
      await store.insert([], [text, other])
      await store.insert([], [{ ...text, version: 2, value: 'second' }])
      expect(await store.texts(key)).toEqual([{ ...text, version: 2, value: 'second' }, other])
      expect(await store.texts({ ...key, metric: 'other' })).toEqual([other])
    })

    test('deleting a run leaves other runs alone', async () => {
      const key = newRun()
      const other = { project: key.project, run: randomUUID() }
      const block = (of: RunKey) => ({
        ...of,
        stream: 'history' as const,
        version: 1,
        steps: steps(1),
        times: steps(1),
        metrics: [{ name: 'm', rows: null, values: steps(1) }],
      })
      const text = (of: RunKey) => ({ ...of, metric: 't', step: 1, time: 1, version: 1, value: 'x' })
      await store.insert([block(key), block(other)], [text(key), text(other)])
      await store.deleteRun(key)
      expect((await pointsOf(key, 'm')).steps).toEqual([])
      expect(await store.texts(key)).toEqual([])
      expect((await pointsOf(other, 'm')).steps).toEqual([1])
      expect(await store.texts(other)).toHaveLength(1)
    })
  })
}
