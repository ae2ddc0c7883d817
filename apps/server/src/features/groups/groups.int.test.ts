import { decodeGroupsAnswer, type GroupsAnswer } from '@kiroku/core/groups'
import { routes } from '@kiroku/core/routes'
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
let runs: TestRun[]

beforeAll(async () => {
  server = await testServer()
  caller = await testOrganization(server)
  runs = [await testRun(caller)]
  for (let index = 1; index < 3; index++) runs.push(await testRun(caller, { project: runs[0]?.project }))
  for (const [index, run] of runs.entries()) {
    const rows = Array.from({ length: 10 }, (_, step) => ({ step, values: { loss: 10 * index + step } }))
    await postBatch(caller, batchOf(run, { rows }))
  }
})
afterAll(() => server.close())

const path = () => ({ organization: runs[0]?.organization ?? '', project: runs[0]?.project ?? '' })
const slugs = () => runs.map(({ run }) => run)

async function ask(body: object): Promise<Response> {
  const headers = { authorization: `Bearer ${caller.apiKey}`, 'content-type': 'application/json' }
  return fetch(server.url + routes.groups, { method: 'POST', headers, body: JSON.stringify({ ...path(), ...body }) })
}

async function groups(body: object): Promise<GroupsAnswer> {
  const answer = await ask(body)
  expect(answer.status).toBe(200)
  return decodeGroupsAnswer(new Uint8Array(await answer.arrayBuffer()))
}

describe('groups of runs', () => {
  it('come as the figures of each bucket', async () => {
    const [first = '', second = '', third = ''] = slugs()
    const {
      range,
      buckets,
      groups: found,
    } = await groups({
      metric: 'loss',
      groups: [{ runs: [first, second, third] }, { runs: [third] }],
      x: { kind: 'step' },
      range: { from: 0, to: 10 },
      buckets: 2,
    })
    expect({ range, buckets }).toEqual({ range: { from: 0, to: 10 }, buckets: 2 })
    expect(found[0]).toMatchObject({ isExact: true, withoutX: 0 })
    expect([...(found[0]?.columns.mean ?? [])]).toEqual([12, 17])
    expect([...(found[0]?.columns.min ?? [])]).toEqual([0, 5])
    expect([...(found[0]?.columns.max ?? [])]).toEqual([24, 29])
    expect(Array.from(found[0]?.columns.q10 ?? [], (value) => value.toFixed(6))).toEqual(['4.000000', '9.000000'])
    expect([...(found[0]?.columns.runs ?? [])]).toEqual([3, 3])
    expect([...(found[1]?.columns.mean ?? [])]).toEqual([22, 27])
    expect([...(found[1]?.columns.std ?? [])]).toEqual([0, 0])
  })

  it('are refused with what was wrong', async () => {
    const [first = ''] = slugs()
    const good = { metric: 'loss', groups: [{ runs: [first] }], buckets: 10 }
    const tooMany = { ...good, groups: Array.from({ length: 500 }, () => ({ runs: [first] })), buckets: 4096 }
    for (const [body, said] of [
      [{ ...good, buckets: 0 }, 'buckets'],
      [{ ...good, groups: [] }, 'groups'],
      [{ ...good, range: { from: 2, to: 1 } }, 'from must not be above to'],
      [tooMany, 'ask for fewer groups'],
    ] as const) {
      const answer = await ask(body)
      expect(answer.status).toBe(400)
      expect(await answer.text()).toContain(said)
    }
    const unknown = await ask({ ...good, groups: [{ runs: [first, 'none'] }] })
    expect(unknown.status).toBe(404)
    expect(await unknown.text()).toContain('there is no run none')
  })
})

describe('measures of runs', () => {
  it('come by run and measure', async () => {
    const measured = await client(caller).measures.byRuns.query({
      ...path(),
      runs: slugs(),
      measures: [
        { kind: 'best', metric: 'loss', goal: 'min' },
        { kind: 'target', metric: 'loss', direction: 'atLeast', target: 15 },
        { kind: 'last', metric: 'loss', count: 2 },
      ],
    })
    expect(measured.map((of) => of.map((one) => one && { value: one.value, step: one.step }))).toEqual([
      [{ value: 0, step: 0 }, null, { value: 8.5, step: 9 }],
      [
        { value: 10, step: 0 },
        { value: 15, step: 5 },
        { value: 18.5, step: 9 },
      ],
      [
        { value: 20, step: 0 },
        { value: 20, step: 0 },
        { value: 28.5, step: 9 },
      ],
    ])
  })

  it('are refused with what was wrong', async () => {
    const { byRuns } = client(caller).measures
    const best = { kind: 'best', metric: 'loss', goal: 'min' } as const
    await expect(byRuns.query({ ...path(), runs: ['none'], measures: [best] })).rejects.toThrow('there is no run none')
    await expect(byRuns.query({ ...path(), runs: slugs(), measures: [] })).rejects.toThrow('measures')
    const many = { kind: 'last', metric: 'loss', count: 10_001 } as const
    await expect(byRuns.query({ ...path(), runs: slugs(), measures: [many] })).rejects.toThrow('at most 10000 points')
  })
})
