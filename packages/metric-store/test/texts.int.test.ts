import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MetricStore, RowQuery, RunKey, StoredText } from '../src/index.ts'
import { engines, type TestStore } from './stores.ts'

for (const { kind, open, isMissing } of engines) {
  describe.skipIf(isMissing)(`texts and rows by step on the ${kind} engine`, () => {
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

    test('come in parts that an answer can hold, at least one at once', async () => {
      const key = newRun()
      // Of 9 MiB each: four of them begin within 32 MiB.
      const value = 'long'.repeat(2.25 * 2 ** 20)
      for (const step of [0, 1, 2, 3, 4, 5]) await store.insert([], [textOf(key, 'long', step, value)])
      expect((await stepsOf({ ...key, order: 'first', limit: 100 })).map(([, step]) => step)).toEqual([0, 1, 2, 3])
      expect((await stepsOf({ ...key, order: 'first', from: 4 })).map(([, step]) => step)).toEqual([4, 5])
      expect((await stepsOf({ ...key, limit: 5 })).map(([, step]) => step)).toEqual([2, 3, 4, 5])
      const [last] = await store.texts({ ...key, limit: 1 })
      expect(last?.value).toBe(value)
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

    describe('rows', () => {
      const key: RunKey = { project: randomUUID(), run: randomUUID() }
      const other: RunKey = { project: key.project, run: randomUUID() }

      beforeAll(async () => {
        const steps = Float64Array.from({ length: 100 }, (_, index) => index * 2)
        const block = {
          ...key,
          stream: 'history' as const,
          version: 1,
          steps,
          times: steps.map((step) => 1000 + step),
          metrics: [
            { name: 'loss', rows: null, values: steps.map((step) => (step === 4 ? Number.NaN : step / 2)) },
            {
              name: 'acc',
              rows: Uint32Array.from([0, 5, 99]),
              values: Float64Array.from([1, Number.POSITIVE_INFINITY, 3]),
            },
          ],
        }
        const text = { ...key, version: 1, metric: 'word', step: 10, time: 1011, value: { a: ['ü'] } }
        await store.insert(
          [
            block,
            { ...block, ...other },
            {
              ...block,
              version: 2,
              steps: Float64Array.of(0),
              times: Float64Array.of(7),
              metrics: [{ name: 'loss', rows: null, values: Float64Array.of(-1) }],
            },
          ],
          [text, { ...text, metric: 'only', step: 11 }, { ...text, ...other }],
        )
      })
      const rows = (query: Partial<RowQuery>) => store.rows({ ...key, stream: 'history', maxValues: 1000, ...query })
      const stepsOf = async (query: Partial<RowQuery>) => (await rows(query)).map(({ step }) => step)

      test('have all that was logged at a step, what was logged again once', async () => {
        const found = await rows({ from: 0, to: 11 })
        expect(found.map(({ step }) => step)).toEqual([0, 2, 4, 6, 8, 10, 11])
        expect(found[0]).toEqual({
          step: 0,
          time: 1000,
          numbers: new Map([
            ['acc', 1],
            ['loss', -1],
          ]),
          texts: new Map(),
        })
        expect(found[2]?.numbers.get('loss')).toBeNaN()
        expect(found[5]).toEqual({
          step: 10,
          time: 1011,
          numbers: new Map([
            ['acc', Number.POSITIVE_INFINITY],
            ['loss', 5],
          ]),
          texts: new Map([['word', { a: ['ü'] }]]),
        })
      })

      test('that have all of some metrics come with these alone', async () => {
        expect(await stepsOf({ metrics: ['acc', 'loss'] })).toEqual([0, 10, 198])
        const [both] = await rows({ metrics: ['word', 'acc', 'acc'] })
        expect([both?.step, [...(both?.numbers.keys() ?? [])], [...(both?.texts.keys() ?? [])]]).toEqual([
          10,
          ['acc'],
          ['word'],
        ])
        expect(await stepsOf({ metrics: ['acc', 'none'] })).toEqual([])
      })

      test.each([1, 2, 3, 7, 50, 99, 100, 101, 102, 5000])(
        'of more than %i so many are evenly spread',
        async (sample) => {
          const steps = await stepsOf({ sample })
          expect(steps).toHaveLength(Math.min(sample, 101))
          expect(steps[0]).toBe(0)
          if (sample > 1) expect(steps.at(-1)).toBe(198)
          const gaps = steps.slice(1).map((step, index) => step - (steps[index] ?? 0))
          expect(Math.max(0, ...gaps)).toBeLessThanOrEqual(Math.ceil(200 / Math.max(1, sample - 1)) + 2)
        },
      )

      test('are refused when they are too many', async () => {
        await expect(rows({ maxValues: 50 })).rejects.toThrow(/more than 50 values/)
        expect(await stepsOf({ maxValues: 50, sample: 10 })).toHaveLength(10)
      })

      test('of the machine are by time, and texts are counted by run', async () => {
        expect(await rows({ stream: 'system' })).toEqual([])
        const counts = await store.textCounts({ project: key.project, runs: [key.run, other.run, randomUUID()] })
        expect(counts.filter(({ run }) => run === key.run)).toEqual([
          { run: key.run, metric: 'only', count: 1 },
          { run: key.run, metric: 'word', count: 1 },
        ])
        expect(counts.filter(({ run }) => run === other.run)).toHaveLength(1)
      })
    })
  })
}
