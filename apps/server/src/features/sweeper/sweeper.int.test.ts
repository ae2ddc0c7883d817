import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  batchOf,
  type Caller,
  client,
  postBatch,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
  until,
} from '../../testing/index.ts'

let server: TestServer
let caller: Caller & { organization: string }

beforeAll(async () => {
  server = await testServer({ crashAfterMs: 1500 })
  caller = await testOrganization(server)
})
afterAll(() => server.close())

const rows = [{ step: 0, values: { loss: 1 } }]

describe('a running run', () => {
  it('that went silent is crashed, and runs again when it is heard of', async () => {
    const run = await testRun(caller)
    const address = { organization: run.organization, project: run.project, run: run.run }
    const state = async () => (await client(caller).runs.byId.query(address)).state
    await until(async () => expect(await state()).toBe('crashed'))
    const crashed = await client(caller).runs.byId.query(address)
    expect(crashed.finishedAt).toBe(crashed.heartbeatAt)
    expect(crashed.liveWriters).toBe(0)
    await postBatch(caller, batchOf(run, { rows }))
    expect(await state()).toBe('running')
    await until(async () => expect(await state()).toBe('crashed'))
    await postBatch(caller, batchOf(run, {}))
    expect(await state()).toBe('running')
  })

  it('that ended stays as it ended', async () => {
    const run = await testRun(caller)
    const silent = await testRun(caller)
    const finish = { type: 'finish', state: 'finished', exitCode: 0, time: 1000 } as const
    await postBatch(caller, batchOf(run, { updates: [finish] }))
    const address = { organization: run.organization, project: run.project }
    await until(async () =>
      expect((await client(caller).runs.byId.query({ ...address, run: silent.run })).state).toBe('crashed'),
    )
    expect(await client(caller).runs.byId.query({ ...address, run: run.run })).toMatchObject({
      state: 'finished',
      finishedAt: 1000,
    })
  })
})
