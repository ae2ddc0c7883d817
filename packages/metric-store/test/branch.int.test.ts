import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MetricStore, RunKey } from '../src/index.ts'
import { engines, type TestStore } from './stores.ts'

const newRun = (project: string = randomUUID()): RunKey => ({ project, run: randomUUID() })
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

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

    const log = (key: RunKey, version: number, at: readonly number[], values: readonly number[]): Promise<void> => {
      const steps = Float64Array.from(at)
      const metrics = [
        { name: 'loss', rows: null, values: Float64Array.from(values) },
        { name: "it's {odd:String}", rows: Uint32Array.of(0), values: Float64Array.of(values[0] ?? 0) },
      ]
      return store.insert(
        [
          { ...key, stream: 'history', version, steps, times: steps.map((step) => step * 10), metrics },
          { ...key, stream: 'system', version, steps, times: steps, metrics },
        ],
        at.map((step) => ({
          ...key,
          version,
          metric: 'note',
          step,
          time: step * 10,
          value: step % 2 ? null : `at ${step}`,
        })),
      )
    }

    const stepsOf = async (key: RunKey, stream: 'history' | 'system' = 'history'): Promise<number[]> => {
      const steps: number[] = []
      for await (const chunk of store.points({ ...key, stream, metric: 'loss' })) steps.push(...chunk.steps)
      return steps
    }
    const textSteps = async (key: RunKey): Promise<number[]> => (await store.texts(key)).map(({ step }) => step)

    test('totals are those of the points that stand, for all metrics or some', async () => {
      const value = fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: -99, max: 99 }) },
        fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
      )
      const block = fc.uniqueArray(fc.tuple(fc.integer({ min: -5, max: 20 }), value), {
        minLength: 1,
        maxLength: 12,
        selector: ([step]) => step,
      })
      await fc.assert(
        fc.asyncProperty(fc.array(block, { minLength: 1, maxLength: 3 }), async (blocks) => {
          const key = newRun()
          const standing = new Map<number, number>()
          for (const [version, points] of blocks.entries()) {
            for (const [step, one] of points) standing.set(step, one)
            await log(
              key,
              version,
              points.map(([step]) => step),
              points.map(([, one]) => one),
            )
          }
          const sorted = [...standing].sort(([left], [right]) => left - right)
          const values = sorted.map(([, one]) => one)
          const numbers = values.filter((one) => !Number.isNaN(one))
          const [counted, ...more] = await store.totals({ ...key, stream: 'history', metrics: ['loss', 'unknown'] })
          expect(more).toEqual([])
          expect(counted).toEqual({
            metric: 'loss',
            lastTime: Math.max(...sorted.map(([step]) => step * 10)),
            totals: {
              count: values.length,
              finiteCount: values.filter(Number.isFinite).length,
              nanCount: values.length - numbers.length,
              first: values[0],
              last: values.at(-1),
              min: numbers.length === 0 ? null : Math.min(...numbers),
              max: numbers.length === 0 ? null : Math.max(...numbers),
              sum: numbers.reduce((sum, one) => sum + one, 0),
              lastStep: sorted.at(-1)?.[0],
            },
          })
          const all = await store.totals({ ...key, stream: 'system', metrics: null })
          expect(all.map(({ metric }) => metric).sort()).toEqual(["it's {odd:String}", 'loss'])
        }),
        { numRuns: kind === 'embedded' ? 40 : 15 },
      )
      expect(await store.totals({ ...newRun(), stream: 'history', metrics: null })).toEqual([])
    })

    test('a history is cut off behind a step, again without change, and other runs and streams are left alone', async () => {
      const key = newRun()
      const other = newRun(key.project)
      for (const run of [key, other]) await log(run, 1, upTo(10), upTo(10))
      for (const _time of [1, 2]) {
        await store.truncate(key, 4)
        expect(await stepsOf(key)).toEqual(upTo(5))
        expect(await textSteps(key)).toEqual(upTo(5))
      }
      expect(await stepsOf(key, 'system')).toEqual(upTo(10))
      expect(await stepsOf(other)).toEqual(upTo(10))
      await log(key, 2, [4, 5], [40, 50])
      expect(await stepsOf(key)).toEqual(upTo(6))
    })

    test('a history is copied up to a step, again without change', async () => {
      const parent = newRun()
      const child = newRun(parent.project)
      await log(parent, 1, upTo(10), upTo(10))
      await log(parent, 2, [2], [20])
      for (const _time of [1, 2]) {
        await store.copy(parent, child.run, 4)
        expect(await stepsOf(child)).toEqual(upTo(5))
        expect(await textSteps(child)).toEqual(upTo(5))
        expect(await store.totals({ ...child, stream: 'history', metrics: ['loss'] })).toMatchObject([
          { totals: { count: 5, max: 20, last: 4 } },
        ])
      }
      expect(await stepsOf(child, 'system')).toEqual([])
      expect(await stepsOf(parent)).toEqual(upTo(10))
    })

    test('what arrived as one version can go', async () => {
      const key = newRun()
      await log(key, 1, upTo(3), [1, 2, 3])
      await log(key, 2, [3, 4], [30, 40])
      await store.removeVersion(key, 2)
      expect(await stepsOf(key)).toEqual([0, 1, 2])
      expect(await store.totals({ ...key, stream: 'history', metrics: ['loss'] })).toMatchObject([
        { totals: { last: 3 } },
      ])
    })

    test('the last text of each metric is told, null passed over', async () => {
      const key = newRun()
      await log(key, 1, upTo(4), upTo(4))
      await store.insert([], [{ ...key, version: 2, metric: 'a', step: 7, time: 5, value: { $n: 'NaN' } }])
      expect(await store.lastTexts(key)).toEqual([
        { metric: 'a', step: 7, time: 5, value: { $n: 'NaN' } },
        { metric: 'note', step: 2, time: 20, value: 'at 2' },
      ])
    })
  })
}
