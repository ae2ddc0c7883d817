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
  until,
} from '../../testing/index.ts'

let server: TestServer
let caller: Caller & { organization: string }

beforeAll(async () => {
  server = await testServer({ crashAfterMs: 3000 })
  caller = await testOrganization(server)
})
afterAll(() => server.close())

const address = (run: TestRun) => ({ organization: run.organization, project: run.project, run: run.run })
const byId = (run: TestRun) => client(caller).runs.byId.query(address(run))
const startedAt = 1_700_000_000_000
const finish = (state: 'finished' | 'failed' | 'crashed' | 'killed', exitCode: number | null) => ({
  type: 'finish' as const,
  state,
  exitCode,
  time: startedAt + 5000,
})

describe('4.7 the end of a run', () => {
  it.each([
    ['finished', 0],
    ['failed', 1],
    ['failed', 255],
    ['failed', 7],
    ['crashed', null],
    ['killed', 137],
  ] as const)('is %s with exit code %s when its script says so, in the list and alone', async (state, exitCode) => {
    const run = await testRun(caller, { startedAt })
    await postBatch(caller, batchOf(run, { updates: [finish(state, exitCode)] }))
    const ended = { state, exitCode, startedAt, finishedAt: startedAt + 5000, runtimeMs: 5000, liveWriters: 0 }
    expect(await byId(run)).toMatchObject(ended)
    const page = await client(caller).runs.list.query({ ...address(run), states: [state] })
    expect(page.runs.find(({ slug }) => slug === run.run)).toEqual(await byId(run))
  })

  it('said twice is said once', async () => {
    const run = await testRun(caller, { startedAt })
    const batch = batchOf(run, { updates: [finish('failed', 7)] })
    await postBatch(caller, batch)
    const before = await byId(run)
    await postBatch(caller, batch)
    expect(await byId(run)).toMatchObject({ state: before.state, exitCode: 7, finishedAt: before.finishedAt })
  })
})

describe('4.7 silence', () => {
  it('makes a run crashed, which data or a resume brings back, and which can then end finished', async () => {
    const run = await testRun(caller)
    const writersBefore = (await byId(run)).liveWriters
    await until(async () => expect((await byId(run)).state).toBe('crashed'))
    expect(writersBefore).toBe(1)
    const crashed = await byId(run)
    expect(crashed).toMatchObject({ finishedAt: crashed.heartbeatAt, exitCode: null, liveWriters: 0 })
    const resumed = await testRun(caller, { run: run.run, resume: 'must' })
    expect(resumed).toMatchObject({ isResumed: true, otherWriters: 0 })
    expect(await byId(run)).toMatchObject({ state: 'running', finishedAt: null, liveWriters: 1 })
    await postBatch(caller, batchOf(resumed, { updates: [{ ...finish('finished', 0), time: Date.now() }] }))
    expect(await byId(run)).toMatchObject({ state: 'finished', exitCode: 0 })
  })

  it('makes a run preempted whose machine was about to be taken away, until another writer goes on with it', async () => {
    const run = await testRun(caller)
    await postBatch(caller, batchOf(run, { updates: [{ type: 'preempting' }] }))
    expect(await byId(run)).toMatchObject({ state: 'preempting', finishedAt: null, liveWriters: 1 })
    await expect(testRun(caller, { run: run.run, resume: 'never' })).rejects.toThrow('already')
    await until(async () => expect((await byId(run)).state).toBe('preempted'))
    expect(await byId(run)).toMatchObject({ exitCode: null, liveWriters: 0 })
    // The machine was not taken away after all: it is heard of again, and what it said still holds.
    await postBatch(caller, batchOf(run, { firstSeq: 2, rows: [{ step: 0, values: { loss: 1 } }] }))
    expect((await byId(run)).state).toBe('preempting')
    const resumed = await testRun(caller, { run: run.run, resume: 'must' })
    expect((await byId(run)).state).toBe('running')
    await postBatch(caller, batchOf(resumed, { updates: [{ ...finish('failed', 1), time: Date.now() }] }))
    expect(await byId(run)).toMatchObject({ state: 'failed', exitCode: 1 })
  })

  it('of one writer of a shared run does not end it while another is heard of; then it is crashed', async () => {
    const silent = await testRun(caller, { shared: true })
    const alive = await testRun(caller, { run: silent.run, shared: true })
    const lone = await testRun(caller)
    let firstSeq = 1
    await until(async () => {
      await postBatch(caller, batchOf(alive, { firstSeq, rows: [{ step: 0, values: { loss: 1 } }] }))
      firstSeq++
      expect((await byId(lone)).state).toBe('crashed')
    })
    expect(await byId(silent)).toMatchObject({ state: 'running', liveWriters: 1 })
    await postBatch(caller, batchOf(alive, { firstSeq, updates: [finish('finished', 0)] }))
    expect(await byId(silent)).toMatchObject({ state: 'crashed', exitCode: null })
  })
})
