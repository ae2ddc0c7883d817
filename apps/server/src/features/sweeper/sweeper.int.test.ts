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

  it('that processes of wandb share ends as the one says that ends it, when the others only fall silent', async () => {
    const ask = async (path: string, id: string, body: object): Promise<void> => {
      const answer = await fetch(`${server.url}${path}`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`api:${caller.apiKey}`).toString('base64')}`,
          'content-type': 'application/json',
          'x-wandb-use-async-filestream': 'true',
          'x-wandb-client-id': id,
          'x-wandb-async-client-id': id,
        },
        body: JSON.stringify(body),
      })
      expect(await answer.json()).not.toHaveProperty('errors')
    }
    const query = 'mutation Begin($input: UpsertBucketInput!) { upsertBucket(input: $input) { bucket { id } } }'
    const address = { organization: caller.organization, project: 'demo', run: 'wandb-shared' }
    const stream = `/files/${address.organization}/demo/${address.run}/file_stream`
    const content = [JSON.stringify({ loss: 1, _timestamp: 1.7e9 })]
    for (const id of ['primary', 'worker']) {
      await ask('/graphql', id, { query, variables: { input: { name: address.run, modelName: 'demo' } } })
      await ask(stream, id, { files: { 'wandb-history.jsonl': { offset: 0, content } } })
    }
    await ask(stream, 'primary', { complete: true, exitcode: 0 })
    const run = () => client(caller).runs.byId.query(address)
    expect(await run()).toMatchObject({ state: 'running', isShared: true })
    await until(async () => expect((await run()).state).not.toBe('running'))
    expect(await run()).toMatchObject({ state: 'finished', exitCode: 0, liveWriters: 0 })
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
