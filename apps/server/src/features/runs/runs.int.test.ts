import { newRunSlug, newWriterId } from '@kiroku/core/ids'
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

beforeAll(async () => {
  server = await testServer()
})
afterAll(() => server.close())

type Tenant = Caller & { organization: string }
const address = (run: TestRun) => ({ organization: run.organization, project: run.project, run: run.run })
const failsWith = (code: string, message = '') =>
  expect.objectContaining({
    message: expect.stringContaining(message),
    data: expect.objectContaining({ error: expect.objectContaining({ code }) }),
  })

describe('runs.create', () => {
  it('makes project and run, names it by the number of runs in the project, and tells its page', async () => {
    const caller = await testOrganization(server)
    const first = await testRun(caller, { project: 'my project' })
    expect(first).toMatchObject({ organization: caller.organization, project: 'my project', ackSeq: 0 })
    expect(first.path).toBe(`/${caller.organization}/my%20project/runs/${first.run}`)
    expect(first.displayName).toMatch(/^[a-z]+-[a-z]+-1$/)
    expect((await testRun(caller, { project: 'my project', displayName: 'mine' })).displayName).toBe('mine')
    expect((await testRun(caller, { project: 'my project' })).displayName).toMatch(/-3$/)
    expect((await testRun(caller, { project: 'other' })).displayName).toMatch(/-1$/)
  })

  it('gives every run of a project its own number when they start together', async () => {
    const caller = await testOrganization(server)
    const runs = await Promise.all(Array.from({ length: 20 }, () => testRun(caller)))
    const numbers = runs.map(({ displayName }) => Number(displayName.split('-')[2]))
    expect(numbers.sort((left, right) => left - right)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
  })

  it('keeps all that it is told', async () => {
    const caller = await testOrganization(server)
    const facts = {
      displayName: 'name',
      group: 'group',
      jobType: 'train',
      notes: 'notes',
      tags: ['a', 'b c'],
      config: { lr: 0.1, nested: { deep: [1, null, 'x'] }, best: { $n: 'NaN' } },
      git: { commit: 'c0ffee', branch: 'main', remote: 'https://example.com/r.git', isDirty: true },
      host: { hostname: 'box', cpuCount: 2, memoryBytes: 2 ** 40, arguments: ['--x', '1'], pid: 7 },
    }
    const run = await testRun(caller, { ...facts, startedAt: 1_700_000_000_123 })
    expect(await client(caller).runs.byId.query(address(run))).toMatchObject({
      ...facts,
      slug: run.run,
      startedAt: 1_700_000_000_123,
      state: 'running',
      summary: {},
      exitCode: null,
      lastStep: null,
    })
  })

  it('asked again by the same writer changes nothing and answers the same', async () => {
    const caller = await testOrganization(server)
    const run = await testRun(caller, { config: { lr: 1 } })
    await postBatch(caller, batchOf(run, { rows: [{ step: 0, values: { loss: 1 } }] }))
    const again = await testRun(caller, { run: run.run, writer: run.writer, config: { lr: 2 }, displayName: 'new' })
    expect(again).toEqual({ ...run, ackSeq: 1 })
    expect((await client(caller).runs.byId.query(address(run))).config).toEqual({ lr: 1 })
  })

  it('of a known run lets it go on: config merged by top-level keys, labels replaced, definitions merged', async () => {
    const caller = await testOrganization(server)
    const run = await testRun(caller, {
      config: { lr: 1, opt: { name: 'sgd' } },
      tags: ['old'],
      notes: 'kept',
      displayName: 'first',
      startedAt: 1000,
      definitions: [{ name: 'v', summary: ['min'] }],
    })
    const rows = [4, 2, 3].map((v, step) => ({ step, values: { v } }))
    await postBatch(
      caller,
      batchOf(run, { rows, updates: [{ type: 'finish', state: 'crashed', exitCode: null, time: 0 }] }),
    )
    const resumed = await testRun(caller, {
      run: run.run,
      config: { opt: { lr: 3 } },
      tags: ['new'],
      startedAt: 2000,
      definitions: [{ name: 'v', summary: ['max'], stepMetric: 'epoch' }],
    })
    expect(resumed).toMatchObject({ ackSeq: 0, displayName: 'first' })
    expect(await client(caller).runs.byId.query(address(run))).toMatchObject({
      state: 'running',
      config: { lr: 1, opt: { lr: 3 } },
      tags: ['new'],
      notes: 'kept',
      startedAt: 1000,
      summary: { v: { min: 2, max: 4 } },
    })
    await postBatch(caller, batchOf(resumed, { rows: [{ step: 3, values: { v: 9 } }] }))
    expect((await client(caller).runs.byId.query(address(run))).summary).toEqual({ v: { min: 2, max: 9 } })
  })

  it('is refused with what is wrong', async () => {
    const api = client(await testOrganization(server))
    const good = { project: 'p', run: newRunSlug(), writer: newWriterId(), startedAt: 0 }
    await expect(api.runs.create.mutate({ ...good, project: 'a/b' })).rejects.toEqual(
      failsWith('BAD_REQUEST', 'project: '),
    )
    for (const project of ['nul \0', 'half \ud800'])
      await expect(api.runs.create.mutate({ ...good, project })).rejects.toEqual(failsWith('BAD_REQUEST', 'project: '))
    await expect(api.runs.create.mutate({ ...good, run: 'a b' })).rejects.toEqual(failsWith('BAD_REQUEST', 'run: '))
    await expect(api.runs.create.mutate({ ...good, startedAt: 1e300 })).rejects.toEqual(
      failsWith('BAD_REQUEST', 'startedAt: '),
    )
  })
})

describe('runs.list', () => {
  const listed = async (caller: Tenant, input: object) => {
    const page = await client(caller).runs.list.query({ organization: caller.organization, project: 'demo', ...input })
    return { slugs: page.runs.map(({ slug }) => slug), total: page.total, nextCursor: page.nextCursor }
  }

  it('has the newest first, in pages that neither repeat nor miss one', async () => {
    const caller = await testOrganization(server)
    const slugs: string[] = []
    for (let index = 0; index < 7; index++) slugs.unshift((await testRun(caller)).run)
    expect(await listed(caller, {})).toEqual({ slugs, total: 7, nextCursor: null })
    const seen: string[] = []
    let cursor: string | null | undefined
    do {
      const page: Awaited<ReturnType<typeof listed>> = await listed(caller, { limit: 3, cursor: cursor ?? undefined })
      expect(page.total).toBe(7)
      seen.push(...page.slugs)
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(seen).toEqual(slugs)
  })

  it('filters by state, tags, group and text', async () => {
    const caller = await testOrganization(server)
    const a = await testRun(caller, { tags: ['sweep-1', 'x'], group: 'night', displayName: 'Alpha 100%' })
    const b = await testRun(caller, { tags: ['sweep-1'], displayName: 'beta_1' })
    await postBatch(caller, batchOf(b, { updates: [{ type: 'finish', state: 'failed', exitCode: 1, time: 0 }] }))
    expect((await listed(caller, { states: ['failed'] })).slugs).toEqual([b.run])
    expect((await listed(caller, { states: [] })).slugs).toEqual([])
    expect((await listed(caller, { tags: ['sweep-1'] })).total).toBe(2)
    expect((await listed(caller, { tags: ['sweep-1', 'x'] })).slugs).toEqual([a.run])
    expect((await listed(caller, { group: 'night' })).slugs).toEqual([a.run])
    for (const search of ['ALPHA', '100%', 'NIGHT', 'x', a.run])
      expect((await listed(caller, { search })).slugs).toContain(a.run)
    expect((await listed(caller, { search: 'sweep' })).total).toBe(2)
    expect((await listed(caller, { search: 'a_1' })).slugs).toEqual([b.run])
    expect((await listed(caller, { search: '%' })).slugs).toEqual([a.run])
    expect((await listed(caller, { search: "'; DROP TABLE run; --" })).slugs).toEqual([])
  })

  it('refuses a cursor that it did not make, and an unknown project', async () => {
    const caller = await testOrganization(server)
    await testRun(caller)
    await expect(listed(caller, { cursor: 'nonsense' })).rejects.toEqual(failsWith('BAD_REQUEST', 'cursor'))
    for (const sought of [{ search: '\0' }, { group: '\0' }, { tags: ['\0'] }])
      await expect(listed(caller, sought)).rejects.toEqual(failsWith('BAD_REQUEST', 'without NUL'))
    await expect(listed(caller, { limit: 0 })).rejects.toEqual(failsWith('BAD_REQUEST', 'limit'))
    await expect(listed(caller, { project: 'none' })).rejects.toEqual(failsWith('NOT_FOUND', 'none'))
  })
})

describe('runs.update', () => {
  it('changes the labels that are given and leaves the others', async () => {
    const caller = await testOrganization(server)
    const run = await testRun(caller, { notes: 'old', group: 'g', tags: ['t'] })
    const set = { notes: 'new', group: null, displayName: 'renamed' }
    const updated = await client(caller).runs.update.mutate({ ...address(run), set })
    expect(updated).toMatchObject({ ...set, tags: ['t'] })
    expect(await client(caller).runs.byId.query(address(run))).toEqual(updated)
  })

  it('refuses bad labels and an unknown run', async () => {
    const caller = await testOrganization(server)
    const run = await testRun(caller)
    const update = (set: object, slug = run.run) =>
      client(caller).runs.update.mutate({ ...address(run), run: slug, set })
    await expect(update({ tags: [''] })).rejects.toEqual(failsWith('BAD_REQUEST', 'set.tags.0'))
    await expect(update({ notes: 'x' }, 'none')).rejects.toEqual(failsWith('NOT_FOUND'))
  })
})

describe('runs.delete and runs.restore', () => {
  it('take a run away from everywhere and bring it back whole', async () => {
    const caller = await testOrganization(server)
    const run = await testRun(caller)
    await postBatch(caller, batchOf(run, { rows: [{ step: 0, values: { loss: 1 } }] }))
    const api = client(caller)
    const before = await api.runs.byId.query(address(run))
    await api.runs.delete.mutate(address(run))
    await expect(api.runs.byId.query(address(run))).rejects.toEqual(failsWith('NOT_FOUND', run.run))
    await expect(api.metrics.byRun.query(address(run))).rejects.toEqual(failsWith('NOT_FOUND'))
    await expect(api.runs.delete.mutate(address(run))).rejects.toEqual(failsWith('NOT_FOUND'))
    expect((await api.runs.list.query(address(run))).total).toBe(0)
    expect(await api.metrics.list.query(address(run))).toEqual([])
    expect((await api.projects.byPath.query(address(run))).runCount).toBe(0)
    await expect(testRun(caller, { run: run.run })).rejects.toEqual(failsWith('CONFLICT', 'deleted'))
    expect(await api.runs.restore.mutate(address(run))).toEqual(before)
    await expect(api.runs.restore.mutate(address(run))).rejects.toEqual(failsWith('NOT_FOUND'))
    await expect(api.runs.delete.mutate({ ...address(run), run: '..' })).rejects.toEqual(failsWith('BAD_REQUEST'))
  })
})

describe('projects', () => {
  it('are listed by latest activity with their runs', async () => {
    const caller = await testOrganization(server)
    const { organization } = caller
    const api = client(caller)
    expect(await api.projects.list.query({})).toEqual([])
    await testRun(caller, { project: 'one' })
    const done = await testRun(caller, { project: 'two' })
    await testRun(caller, { project: 'two' })
    await postBatch(caller, batchOf(done, { updates: [{ type: 'finish', state: 'finished', exitCode: 0, time: 0 }] }))
    expect(await api.projects.list.query({ organization })).toMatchObject([
      { name: 'two', runCount: 2, runningCount: 1 },
      { name: 'one', runCount: 1, runningCount: 1 },
    ])
    expect(await api.projects.byPath.query({ organization, project: 'two' })).toMatchObject({ runCount: 2 })
    await expect(api.projects.byPath.query({ organization, project: 'three' })).rejects.toEqual(failsWith('NOT_FOUND'))
    await expect(api.projects.byPath.query({ organization, project: 'a/b' })).rejects.toEqual(failsWith('BAD_REQUEST'))
    await expect(api.projects.list.query({ organization: 'NO' })).rejects.toEqual(failsWith('BAD_REQUEST'))
  })
})

describe('metrics', () => {
  it('are described by the newest run that has them', async () => {
    const caller = await testOrganization(server)
    const old = await testRun(caller, { definitions: [{ name: 'loss', stepMetric: 'batch', unit: 'bits' }] })
    const young = await testRun(caller, {
      definitions: [
        { name: 'lo*', stepMetric: 'epoch', goal: 'minimize' },
        { name: 'secret', hidden: true },
      ],
    })
    await postBatch(caller, batchOf(old, { rows: [{ step: 0, values: { loss: 1, batch: 1, old: 1 } }] }))
    const systemRows = [{ step: 1e12, values: { loss: 1 } }]
    await postBatch(
      caller,
      batchOf(young, { rows: [{ step: 0, values: { loss: 1, epoch: 1, secret: 1 } }], systemRows }),
    )
    const listed = await client(caller).metrics.list.query(address(old))
    const plain = { runCount: 1, x: { kind: 'step' }, unit: null, goal: null, isHidden: false, isStepMetric: false }
    expect(listed).toEqual([
      { ...plain, name: 'batch', stream: 'history' },
      { ...plain, name: 'epoch', stream: 'history', isStepMetric: true },
      {
        ...plain,
        name: 'loss',
        stream: 'history',
        runCount: 2,
        x: { kind: 'metric', name: 'epoch' },
        goal: 'minimize',
      },
      { ...plain, name: 'old', stream: 'history' },
      { ...plain, name: 'secret', stream: 'history', isHidden: true },
      { ...plain, name: 'loss', stream: 'system' },
    ])
    const ofOld = await client(caller).metrics.list.query({ ...address(old), runs: [old.run] })
    expect(ofOld.find(({ name }) => name === 'loss')).toMatchObject({ x: { name: 'batch' }, unit: 'bits', runCount: 1 })
    await expect(client(caller).metrics.byRun.query({ ...address(old), run: 'none' })).rejects.toEqual(
      failsWith('NOT_FOUND'),
    )
    await expect(client(caller).metrics.list.query({ ...address(old), runs: [''] })).rejects.toEqual(
      failsWith('BAD_REQUEST'),
    )
  })
})

describe('keys', () => {
  it('are seen once, listed by their last characters, and work until they are revoked', async () => {
    const caller = await testOrganization(server)
    const { organization } = caller
    const api = client(caller)
    const { key, ...info } = await api.keys.create.mutate({ organization, name: 'ci' })
    expect(info.hint).toBe(key.slice(-4))
    expect((await client({ ...caller, apiKey: key }).viewer.me.query()).organizations).toEqual([
      { slug: organization, name: organization },
    ])
    const listed = await api.keys.list.query({ organization })
    expect(listed).toHaveLength(2)
    expect(listed.find(({ id }) => id === info.id)?.lastUsedAt).toBeGreaterThan(0)
    expect(JSON.stringify(listed)).not.toContain(key)
    await api.keys.revoke.mutate({ organization, id: info.id })
    await expect(client({ ...caller, apiKey: key }).viewer.me.query()).rejects.toThrow('no user has this API key')
    await expect(api.keys.revoke.mutate({ organization, id: info.id })).rejects.toEqual(failsWith('NOT_FOUND'))
    await expect(api.keys.create.mutate({ organization, name: '' })).rejects.toEqual(failsWith('BAD_REQUEST', 'name'))
  })
})

describe('texts', () => {
  it('are read of one metric or of all', async () => {
    const caller = await testOrganization(server)
    const run = await testRun(caller)
    const texts = [
      { step: 0, time: 1e12, metric: 'note', value: 'hello' },
      { step: 1, time: 1e12 + 1, metric: 'flag', value: true },
    ]
    await postBatch(caller, batchOf(run, { texts }))
    const read = (metric?: string) => client(caller).texts.byRun.query({ ...address(run), metric })
    expect(await read('note')).toEqual([texts[0]])
    expect((await read()).sort((left, right) => left.step - right.step)).toEqual(texts)
    await expect(client(caller).texts.byRun.query({ ...address(run), run: 'none' })).rejects.toEqual(
      failsWith('NOT_FOUND'),
    )
  })
})
