import { errorBodySchema, type KirokuError } from '@kiroku/core/errors'
import { encodeHistoryBatch } from '@kiroku/core/history'
import { newRunSlug, newWriterId } from '@kiroku/core/ids'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  batchOf,
  type Caller,
  client,
  postBatch,
  postBytes,
  readPoints,
  type TestRun,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
} from '../../testing/index.ts'

let server: TestServer
let caller: Caller & { organization: string }
let projects = 0

beforeAll(async () => {
  server = await testServer()
  caller = await testOrganization(server)
})
afterAll(() => server.close())

const newProject = (): string => `project ${++projects}`
const at = (project: string) => ({ organization: caller.organization, project })
const address = ({ organization, project, run }: TestRun) => ({ organization, project, run })
const rows = [{ step: 0, values: { loss: 1 } }]
const code = (expected: KirokuError['code']) => ({ data: { error: { code: expected } } })
const finish = { type: 'finish', state: 'finished', exitCode: 0, time: Date.now() } as const

describe('a deleted project', () => {
  it('is nowhere to be seen, and comes back whole', async () => {
    const project = newProject()
    const run = await testRun(caller, { project })
    await postBatch(caller, batchOf(run, { rows }))
    const api = client(caller)
    const deleted = await api.projects.delete.mutate(at(project))
    expect(deleted).toMatchObject({ name: project })
    expect(deleted.restorableUntil).toBeGreaterThan(Date.now() + 23 * 3_600_000)
    expect((await api.projects.list.query({})).map(({ name }) => name)).not.toContain(project)
    await expect(api.projects.byPath.query(at(project))).rejects.toMatchObject(code('NOT_FOUND'))
    await expect(api.runs.byId.query(address(run))).rejects.toMatchObject(code('NOT_FOUND'))
    await expect(readPoints(caller, { ...address(run), metric: 'loss' })).rejects.toThrow('404')
    await expect(api.projects.delete.mutate(at(project))).rejects.toMatchObject(code('NOT_FOUND'))
    const { organization } = caller
    expect(await api.projects.restore.mutate({ organization, id: deleted.id })).toMatchObject({
      name: project,
      runCount: 1,
    })
    expect([...(await readPoints(caller, { ...address(run), metric: 'loss' })).values]).toEqual([1])
    await postBatch(caller, batchOf(run, { firstSeq: 2, rows: [{ step: 1, values: { loss: 2 } }] }))
    await expect(api.projects.restore.mutate({ organization, id: deleted.id })).rejects.toMatchObject(code('NOT_FOUND'))
  })

  it('refuses what its scripts still send and ask, which makes no new project', async () => {
    const project = newProject()
    const run = await testRun(caller, { project })
    await postBatch(caller, batchOf(run, { rows }))
    const api = client(caller)
    const { id } = await api.projects.delete.mutate(at(project))
    for (const firstSeq of [2, 2]) {
      const answer = await postBytes(caller, encodeHistoryBatch(batchOf(run, { firstSeq, rows })))
      expect(answer.status).toBe(409)
      expect(errorBodySchema.parse(await answer.json()).message).toBe(
        `the project ${project} was deleted, and the run ${run.run} with it; a new run may use the name again`,
      )
    }
    const again = testRun(caller, { project, run: run.run, writer: run.writer })
    await expect(again).rejects.toMatchObject(code('CONFLICT'))
    await expect(api.projects.byPath.query(at(project))).rejects.toMatchObject(code('NOT_FOUND'))
    await api.projects.restore.mutate({ organization: caller.organization, id })
    expect([...(await readPoints(caller, { ...address(run), metric: 'loss' })).steps]).toEqual([0])
  })

  it('leaves its name to another, and comes back when that has a name of its own', async () => {
    const project = newProject()
    const old = await testRun(caller, { project })
    const api = client(caller)
    const { organization } = caller
    const first = await api.projects.delete.mutate(at(project))
    const anew = await testRun(caller, { project })
    await postBatch(caller, batchOf(anew, { rows, updates: [finish] }))
    await expect(api.runs.byId.query(address(old))).rejects.toMatchObject(code('NOT_FOUND'))
    const restoring = api.projects.restore.mutate({ organization, id: first.id })
    await expect(restoring).rejects.toThrow(`there is a project ${project} already; give that one another name`)
    const second = await api.projects.delete.mutate(at(project))
    expect(second.id).not.toBe(first.id)
    expect(await api.projects.restore.mutate({ organization, id: first.id })).toMatchObject({ name: project })
    expect((await api.runs.byId.query(address(old))).slug).toBe(old.run)
    await api.projects.update.mutate({ ...at(project), set: { name: `${project} of old` } }).catch(() => {})
    await postBatch(caller, batchOf(old, { rows, updates: [finish] }))
    expect(await api.projects.update.mutate({ ...at(project), set: { name: `${project} of old` } })).toMatchObject({
      name: `${project} of old`,
    })
    await api.projects.restore.mutate({ organization, id: second.id })
    expect((await api.runs.byId.query(address(anew))).slug).toBe(anew.run)
  })
})

describe('a project', () => {
  it('gets another name when nothing runs in it, that no other has', async () => {
    const [project, taken] = [newProject(), newProject()]
    const run = await testRun(caller, { project })
    await testRun(caller, { project: taken })
    const api = client(caller)
    const rename = (name: string) => api.projects.update.mutate({ ...at(project), set: { name } })
    await expect(rename('other')).rejects.toThrow('while a run is running')
    await postBatch(caller, batchOf(run, { rows, updates: [finish] }))
    await expect(rename(taken)).rejects.toThrow(`there is a project ${taken} already; choose another name`)
    await expect(rename('a/b')).rejects.toMatchObject(code('BAD_REQUEST'))
    expect(await rename(project)).toMatchObject({ name: project, retentionDays: null })
    expect(await rename('renamed')).toMatchObject({ name: 'renamed', runCount: 1 })
    await expect(api.projects.byPath.query(at(project))).rejects.toMatchObject(code('NOT_FOUND'))
    expect((await api.runs.byId.query({ ...address(run), project: 'renamed' })).project).toBe('renamed')
  })

  it('keeps runs for ever until it is told for how many days', async () => {
    const project = newProject()
    await testRun(caller, { project })
    const api = client(caller)
    const set = (retentionDays: number | null) => api.projects.update.mutate({ ...at(project), set: { retentionDays } })
    expect(await api.projects.byPath.query(at(project))).toMatchObject({ retentionDays: null })
    expect(await set(30)).toMatchObject({ name: project, retentionDays: 30 })
    expect(await api.projects.update.mutate({ ...at(project), set: {} })).toMatchObject({ retentionDays: 30 })
    expect(await set(null)).toMatchObject({ retentionDays: null })
    for (const wrong of [0, 1.5, 40_000]) await expect(set(wrong)).rejects.toMatchObject(code('BAD_REQUEST'))
    await expect(api.projects.update.mutate({ ...at('no such'), set: {} })).rejects.toMatchObject(code('NOT_FOUND'))
  })

  it('of another organization is not there', async () => {
    const project = newProject()
    await testRun(caller, { project })
    const stranger = client(await testOrganization(server))
    const { id } = await client(caller).projects.delete.mutate(at(project))
    const { organization } = caller
    const attempts = [
      () => stranger.projects.delete.mutate(at(project)),
      () => stranger.projects.restore.mutate({ organization, id }),
      () => stranger.projects.update.mutate({ ...at(project), set: {} }),
      () => stranger.projects.expiring.query({ ...at(project), retentionDays: 1 }),
    ]
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject(code('NOT_FOUND'))
    const theirs = (await stranger.viewer.me.query()).organizations[0]?.slug ?? ''
    const byId = stranger.projects.restore.mutate({ organization: theirs, id })
    await expect(byId).rejects.toMatchObject(code('NOT_FOUND'))
  })
})

it('a run of a deleted project leaves its id to a run of the new project of that name', async () => {
  const project = newProject()
  const slug = newRunSlug()
  await testRun(caller, { project, run: slug })
  await client(caller).projects.delete.mutate(at(project))
  expect(await testRun(caller, { project, run: slug, writer: newWriterId() })).toMatchObject({
    run: slug,
    isResumed: false,
  })
})
