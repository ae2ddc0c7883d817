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

beforeAll(async () => {
  server = await testServer()
  caller = await testOrganization(server)
})
afterAll(() => server.close())

const address = (run: TestRun) => ({ organization: run.organization, project: run.project, run: run.run })
const update = (run: TestRun, change: object) => client(caller).runs.update.mutate({ ...address(run), ...change })
const finish = { type: 'finish', state: 'finished', exitCode: 0, time: 2000 } as const
const rows = (value: number, step = 0) => [{ step, values: { v: value, w: value } }]

describe('3.4 runs.update after a run finished', () => {
  it('changes config by top-level key and summary by name, and nothing else', async () => {
    const run = await testRun(caller, {
      config: { lr: 1, opt: { name: 'sgd', k: 1 }, gone: 1, $$odd: 1 },
      startedAt: 1000,
    })
    await postBatch(caller, batchOf(run, { rows: rows(3), updates: [finish] }))
    const before = await client(caller).runs.byId.query(address(run))
    const updated = await update(run, {
      config: { set: { lr: 2, opt: { name: 'adam' }, new: { $n: 'NaN' } }, unset: ['gone', '$odd', 'unknown'] },
      summary: { set: { best: 0.9, 'a.b': 1 }, unset: ['w', 'a'] },
    })
    expect(updated).toEqual({
      ...before,
      config: { lr: 2, opt: { name: 'adam' }, new: { $n: 'NaN' } },
      summary: { v: 3, best: 0.9 },
    })
    expect(updated).toMatchObject({ state: 'finished', heartbeatAt: before.heartbeatAt })
    expect(await client(caller).runs.byId.query(address(run))).toEqual(updated)
    expect(await update(run, { config: { unset: ['lr'] } })).toMatchObject({ summary: updated.summary })
    expect((await client(caller).runs.byId.query(address(run))).config).not.toHaveProperty('lr')
  })

  it('is no sign of life', async () => {
    const run = await testRun(caller)
    const { heartbeatAt } = await client(caller).runs.byId.query(address(run))
    const change = { config: { set: { a: 1 } }, summary: { set: { b: 1 } }, set: { notes: 'n' } }
    expect(await update(run, change)).toMatchObject({ heartbeatAt, notes: 'n', config: { a: 1 }, summary: { b: 1 } })
  })

  it('refuses what is no record, and an unknown run', async () => {
    const run = await testRun(caller)
    await expect(update(run, { config: { set: 1 } })).rejects.toThrow('config.set')
    await expect(update(run, { summary: { unset: [1] } })).rejects.toThrow('summary.unset')
    await expect(update({ ...run, run: 'none' }, { summary: { set: { a: 1 } } })).rejects.toThrow('no run none')
  })
})

describe('3.2 a summary value that is set by hand, in the dashboard or by the script', () => {
  it('clears the operations of its metric, so that it shows bare and what is logged later does too', async () => {
    for (const isScript of [true, false]) {
      const run = await testRun(caller, { definitions: [{ name: '*', summary: ['max'] }] })
      await postBatch(caller, batchOf(run, { rows: rows(9) }))
      const summary = async () => (await client(caller).runs.byId.query(address(run))).summary
      expect(await summary()).toEqual({ v: { max: 9 }, w: { max: 9 } })
      if (isScript)
        await postBatch(caller, batchOf(run, { firstSeq: 2, updates: [{ type: 'summary', set: { v: 1 }, unset: [] }] }))
      else await update(run, { summary: { set: { v: 1 } } })
      expect(await summary()).toEqual({ v: 1, w: { max: 9 } })
      await postBatch(caller, batchOf(run, { firstSeq: isScript ? 3 : 2, rows: rows(2, 1) }))
      expect(await summary()).toEqual({ v: 2, w: { max: 9 } })
      const { definitions } = await client(caller).metrics.byRun.query(address(run))
      expect(definitions.map(({ name }) => name)).toEqual(['*', 'v'])
    }
  })

  it('that is removed leaves them for what is logged later', async () => {
    const run = await testRun(caller, { definitions: [{ name: 'v', summary: ['max'] }] })
    await postBatch(caller, batchOf(run, { rows: rows(9) }))
    expect((await update(run, { summary: { unset: ['v'] } })).summary).toEqual({ w: 9 })
    await postBatch(caller, batchOf(run, { firstSeq: 2, rows: rows(2, 1) }))
    expect((await client(caller).runs.byId.query(address(run))).summary).toEqual({ v: { max: 9 }, w: 2 })
  })
})
