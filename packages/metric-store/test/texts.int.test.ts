import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MetricStore, RunKey, StoredText } from '../src/index.ts'
import { engines, type TestStore } from './stores.ts'

for (const { kind, open, isMissing } of engines) {
  describe.skipIf(isMissing)(`texts by step on the ${kind} engine`, () => {
    let opened: TestStore
    let store: MetricStore

    beforeAll(async () => {
      opened = await open()
      store = opened.store
    })

    afterAll(async () => {
      await opened[Symbol.asyncDispose]()
    })

    const newRun = (): RunKey => ({ project: randomUUID(), run: randomUUID() })
    const textOf = (key: RunKey, metric: string, step: number, value: StoredText['value']): StoredText => ({
      ...key,
      metric,
      step,
      time: step,
      value,
      version: 1,
    })
    const stepsOf = async (query: Parameters<MetricStore['texts']>[0]): Promise<[string, number][]> =>
      (await store.texts(query)).map(({ metric, step }) => [metric, step])

    test('come from a window of steps, and of more than the limit the last ones', async () => {
      const key = newRun()
      const steps = [-10, 0, 1, 2, 2 ** 53 - 1]
      await store.insert(
        [],
        ['a', 'b'].flatMap((metric) => steps.map((step) => textOf(key, metric, step, step))),
      )
      expect(await stepsOf({ ...key, metric: 'a', from: 0, to: 2 })).toEqual([
        ['a', 0],
        ['a', 1],
        ['a', 2],
      ])
      expect(await stepsOf({ ...key, metric: 'a', limit: 2 })).toEqual([
        ['a', 2],
        ['a', 2 ** 53 - 1],
      ])
      expect(await stepsOf({ ...key, to: 1, limit: 3 })).toEqual([
        ['a', 0],
        ['a', 1],
        ['b', 1],
      ])
      expect(await stepsOf({ ...key, metric: 'a', to: -1, limit: 1 })).toEqual([['a', -10]])
      expect(await stepsOf({ ...key, metric: 'a', to: -11, limit: 1 })).toEqual([])
      expect(await stepsOf({ ...key, metric: 'a', from: 0, limit: 2, order: 'first' })).toEqual([
        ['a', 0],
        ['a', 1],
      ])
      expect(await stepsOf(key)).toHaveLength(10)
    })

    test('are summed up by metric, with the kind of the newest', async () => {
      const key = newRun()
      await store.insert(
        [],
        [
          textOf(key, 'image', 3, { _type: 'image-file' }),
          textOf(key, 'image', 1, 'was text'),
          textOf(key, 'several', 0, { _type: 'images' }),
          textOf(key, 'spread', 0, { _type: 'histogram' }),
          textOf(key, 'rows', 0, { _type: 'table-file' }),
          textOf(key, 'note', -1, '{"_type":"table-file"}'),
          textOf(key, 'own', 0, { _type: 'own' }),
          textOf(key, 'list', 7, [{ _type: 'histogram' }]),
        ],
      )
      await store.insert([], [{ ...textOf(key, 'image', 1, 'again'), version: 2 }])
      const once = (metric: string, of: string, step: number) => ({
        metric,
        kind: of,
        count: 1,
        firstStep: step,
        lastStep: step,
      })
      expect(await store.textMetrics(key)).toEqual([
        { metric: 'image', kind: 'image', count: 2, firstStep: 1, lastStep: 3 },
        once('list', 'text', 7),
        once('note', 'text', -1),
        once('own', 'text', 0),
        once('rows', 'table', 0),
        once('several', 'images', 0),
        once('spread', 'histogram', 0),
      ])
      expect(await store.textMetrics(newRun())).toEqual([])
    })

    test('tell their steps, of more than the limit the last', async () => {
      const key = newRun()
      const steps = Array.from({ length: 20 }, (_, index) => index * 10)
      await store.insert(
        [],
        [...steps.map((step) => textOf(key, 'm', step, 'x')), textOf(key, 'other', 5, 'x'), textOf(key, 'm', 0, 'y')],
      )
      expect(await store.textSteps({ ...key, metric: 'm', limit: 100 })).toEqual(steps)
      expect(await store.textSteps({ ...key, metric: 'm', limit: 3 })).toEqual([170, 180, 190])
      expect(await store.textSteps({ ...key, metric: 'none', limit: 3 })).toEqual([])
    })
  })
}
