import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  batchOf,
  type Caller,
  client,
  postBatch,
  type TestRun,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
} from '../../testing/index.ts'

let server: TestServer
let caller: Caller & { organization: string }
let run: TestRun

const image = { _type: 'image-file', path: 'media/a.png', sha256: 'a'.repeat(64), size: 1 }

beforeAll(async () => {
  server = await testServer()
  caller = await testOrganization(server)
  run = await testRun(caller)
  const texts = [0, 10, 20, 30].flatMap((step) => [
    { step, time: step, metric: 'sample', value: { ...image, caption: `at ${step}` } },
    { step: step + 1, time: step, metric: 'note', value: `at ${step + 1}` },
  ])
  await postBatch(caller, batchOf(run, { texts }))
})
afterAll(() => server.close())

const address = () => ({ organization: run.organization, project: run.project, run: run.run })
const stepsOf = async (query: { metric?: string; from?: number; to?: number; limit?: number }) =>
  (await client(caller).texts.byRun.query({ ...address(), ...query })).map(({ metric, step }) => `${metric} ${step}`)

describe('values that are not numbers', () => {
  it('are found by the metrics that have them, each with its kind and steps', async () => {
    expect(await client(caller).texts.metrics.query(address())).toEqual([
      { metric: 'note', kind: 'text', count: 4, firstStep: 1, lastStep: 31 },
      { metric: 'sample', kind: 'image', count: 4, firstStep: 0, lastStep: 30 },
    ])
  })

  it('are found by their steps', async () => {
    const { query } = client(caller).texts.steps
    expect(await query({ ...address(), metric: 'sample' })).toEqual([0, 10, 20, 30])
    expect(await query({ ...address(), metric: 'none' })).toEqual([])
  })

  it('come from a window of steps, of more than asked for the last', async () => {
    expect(await stepsOf({ metric: 'sample', from: 10, to: 20 })).toEqual(['sample 10', 'sample 20'])
    expect(await stepsOf({ metric: 'sample', limit: 2 })).toEqual(['sample 20', 'sample 30'])
    expect(await stepsOf({ from: 11, to: 21 })).toEqual(['note 11', 'note 21', 'sample 20'])
    expect(await stepsOf({ limit: 3 })).toEqual(['note 21', 'note 31', 'sample 30'])
    expect(await stepsOf({})).toHaveLength(8)
  })

  it('stand until the next one, so that a step between has the one before', async () => {
    const at = (step: number) =>
      client(caller).texts.byRun.query({ ...address(), metric: 'sample', to: step, limit: 1 })
    expect(await at(25)).toMatchObject([{ step: 20, value: { caption: 'at 20' } }])
    expect(await at(20)).toMatchObject([{ step: 20 }])
    expect(await at(-1)).toEqual([])
  })

  it('are not to be had of a run that there is not, nor by a question that makes no sense', async () => {
    const { texts } = client(caller)
    const nowhere = { ...address(), run: 'none' }
    await expect(texts.metrics.query(nowhere)).rejects.toThrow('there is no run none')
    await expect(texts.steps.query({ ...nowhere, metric: 'a' })).rejects.toThrow('there is no run none')
    await expect(stepsOf({ limit: 10_001 })).rejects.toThrow('limit')
    await expect(stepsOf({ from: 0.5 })).rejects.toThrow('from')
  })
})
