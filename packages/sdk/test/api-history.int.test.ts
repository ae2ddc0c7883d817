import { batchOf, postBatch, testOrganization, testRun, testServer } from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Api, api } from '../src/api/api.ts'
import type { ApiRun } from '../src/api/api-run.ts'
import type { Place } from './stored-run.ts'

let server: Awaited<ReturnType<typeof testServer>>
let place: Place
let reader: Api
let run: ApiRun
const startedAt = 1_700_000_000_000
const second = (seconds: number): number => startedAt + seconds * 1000

beforeAll(async () => {
  server = await testServer()
  place = await testOrganization(server)
  reader = api({ url: place.url, apiKey: place.apiKey })
  const first = await testRun(place, { run: 'gap', startedAt })
  await postBatch(
    place,
    batchOf(first, {
      rows: [
        { step: 0, time: second(1), values: { loss: 0.1 + 0.2, odd: Number.NaN } },
        { step: 3, time: second(4), values: { loss: Number.MIN_VALUE } },
      ],
      systemRows: [{ step: second(2), time: second(2), values: { cpu: 12.5 } }],
      texts: [
        { step: 3, time: second(4), metric: 'sample', value: 'a sentence' },
        { step: 4, time: second(5), metric: 'sample', value: { deep: [{ $n: 'Infinity' }] } },
      ],
      updates: [{ type: 'finish', state: 'finished', exitCode: 0, time: second(10) }],
    }),
  )
  const again = await testRun(place, { run: 'gap', startedAt: second(100), resume: 'must' })
  await postBatch(
    place,
    batchOf(again, {
      rows: [{ step: 5, time: second(102), values: { loss: 2, odd: Number.NEGATIVE_INFINITY } }],
      systemRows: [{ step: second(103), time: second(103), values: { cpu: 25 } }],
    }),
  )
  run = await reader.run('demo/gap')
})
afterAll(() => server.close())

const row = (step: number, time: number, runtime: number, values: object): object => ({
  _step: step,
  _timestamp: second(time) / 1000,
  _runtime: runtime,
  ...values,
})

const rows = [
  row(0, 1, 1, { loss: 0.1 + 0.2, odd: Number.NaN }),
  row(3, 4, 4, { loss: Number.MIN_VALUE, sample: 'a sentence' }),
  row(4, 5, 5, { sample: { deep: [Number.POSITIVE_INFINITY] } }),
  row(5, 102, 12, { loss: 2, odd: Number.NEGATIVE_INFINITY }),
]

describe('3.4 the history of a stored run', () => {
  it('has all values exactly, and a runtime without the time between end and resume', async () => {
    expect(await run.history()).toEqual(rows)
  })

  it('comes row by row', async () => {
    const seen: object[] = []
    for await (const each of run.scanHistory()) seen.push(each)
    expect(seen).toEqual(rows)
  })

  it('is of some metrics and steps when asked so', async () => {
    expect(await run.history({ metrics: ['odd'] })).toEqual([
      row(0, 1, 1, { odd: Number.NaN }),
      row(5, 102, 12, { odd: Number.NEGATIVE_INFINITY }),
    ])
    expect(await run.history({ minStep: 3, maxStep: 4 })).toEqual(rows.slice(1, 3))
    expect(await run.history({ metrics: ['none'] })).toEqual([])
  })

  it('has what the machine did by time', async () => {
    expect(await run.systemMetrics()).toEqual([
      { _timestamp: second(2) / 1000, _runtime: 2, cpu: 12.5 },
      { _timestamp: second(103) / 1000, _runtime: 13, cpu: 25 },
    ])
  })

  it('has every text, however many there are', async () => {
    const talkative = await testRun(place, { run: 'talkative', startedAt })
    const texts = Array.from({ length: 25_000 }, (_, step) => ({
      step,
      time: second(step),
      metric: 'line',
      value: `line ${step}`,
    }))
    for (let from = 0; from < texts.length; from += 5000)
      await postBatch(place, batchOf(talkative, { firstSeq: from + 1, texts: texts.slice(from, from + 5000) }))
    const history = await (await reader.run('demo/talkative')).history({ minStep: 10 })
    expect(history.map(({ line }) => line)).toEqual(texts.slice(10).map(({ value }) => value))
  })
})
