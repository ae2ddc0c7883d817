import type { KirokuError } from '@kiroku/core/errors'
import { totalBytes } from '@kiroku/core/usage'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attachFile,
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
let large: TestRun
let small: TestRun
let other: TestRun

const line = (number: number) => ({ line: number, stream: 'stdout', time: 0, text: 'printed' }) as const

beforeAll(async () => {
  server = await testServer()
  caller = await testOrganization(server)
  large = await testRun(caller, { displayName: 'large' })
  small = await testRun(caller, { displayName: 'small' })
  other = await testRun(caller, { project: 'other' })
  const rows = Array.from({ length: 1000 }, (_, step) => ({ step, values: { a: Math.random(), b: Math.random() } }))
  const systemRows = [{ step: 1, values: { cpu: 1 } }]
  const texts = [{ step: 0, time: 0, metric: 'note', value: 'a text' }]
  await postBatch(caller, batchOf(large, { rows, systemRows, texts }))
  // What is logged again takes the place of what was there, and counts once.
  await postBatch(caller, batchOf(large, { firstSeq: 1003, rows: rows.slice(0, 10) }))
  await postBatch(caller, batchOf(small, { rows: rows.slice(0, 10), console: [line(0), line(1)] }))
  await attachFile(caller, small, { path: 'a', content: 'x'.repeat(100), firstSeq: 13 })
  await attachFile(caller, small, { path: 'b', content: 'x'.repeat(100), firstSeq: 14 })
  await postBatch(caller, batchOf(other, { console: [line(0)] }))
})
afterAll(() => server.close())

const at = () => ({ organization: caller.organization, project: 'demo' })
const code = (expected: KirokuError['code']) => ({ data: { error: { code: expected } } })

describe('usage.byProject', () => {
  it('tells what each run takes, exactly where it can be, the largest first', async () => {
    const page = await client(caller).usage.byProject.query(at())
    expect(page).toMatchObject({ runCount: 2, runs: [{ run: large.run }, { run: small.run }] })
    const [first, second] = page.runs
    expect(first).toMatchObject({
      pointCount: 2001,
      textCount: 1,
      lineCount: 0,
      fileCount: 0,
      fileBytes: 0,
      lineBytes: 0,
    })
    expect(second).toMatchObject({ pointCount: 20, textCount: 0, lineCount: 2, fileCount: 2, fileBytes: 200 })
    expect(second).toMatchObject({ displayName: 'small', state: 'running', restorableUntil: null })
    // Noise cannot be stored in less than some six bytes a point.
    expect(first?.pointBytes).toBeGreaterThan(2001 * 4)
    expect(first?.pointBytes).toBeLessThan(2001 * 40)
    expect(page.total).toMatchObject({ pointCount: 2021, textCount: 1, lineCount: 2, fileCount: 2, fileBytes: 200 })
    expect(totalBytes(page.total)).toBeCloseTo(page.runs.reduce((sum, run) => sum + totalBytes(run), 0))
  })

  it('sorts by what is asked for, in parts', async () => {
    const { usage } = client(caller)
    const named = async (input: object) =>
      (await usage.byProject.query({ ...at(), ...input })).runs.map(({ displayName }) => displayName)
    expect(await named({ order: 'points' })).toEqual(['large', 'small'])
    expect(await named({ order: 'lines' })).toEqual(['small', 'large'])
    expect(await named({ order: 'files' })).toEqual(['small', 'large'])
    expect(await named({ order: 'texts' })).toEqual(['large', 'small'])
    expect(await named({ order: 'files', limit: 1 })).toEqual(['small'])
    expect(await named({ order: 'files', limit: 1, offset: 1 })).toEqual(['large'])
  })

  it('refuses what is no order, and a project that is not there or not theirs', async () => {
    const wrong = client(caller).usage.byProject.query({ ...at(), limit: 0 })
    await expect(wrong).rejects.toMatchObject(code('BAD_REQUEST'))
    const missing = client(caller).usage.byProject.query({ ...at(), project: 'missing' })
    await expect(missing).rejects.toMatchObject(code('NOT_FOUND'))
    const stranger = client(await testOrganization(server))
    await expect(stranger.usage.byProject.query(at())).rejects.toMatchObject(code('NOT_FOUND'))
    await expect(stranger.usage.byOrganization.query(at())).rejects.toMatchObject(code('NOT_FOUND'))
    await expect(stranger.usage.byOrganization.query({ organization: 'A' })).rejects.toMatchObject(code('BAD_REQUEST'))
  })
})

describe('usage.byOrganization', () => {
  it('tells what each project takes, deleted ones too, and what files take once', async () => {
    const api = client(caller)
    const { organization } = caller
    const before = await api.usage.byOrganization.query({ organization })
    expect(before.projects.map(({ name }) => name)).toEqual(['demo', 'other'])
    expect(before.projects[0]).toMatchObject({ runCount: 2, pointCount: 2021, lineCount: 2, fileBytes: 200 })
    expect(before.projects[1]).toMatchObject({ runCount: 1, pointCount: 0, lineCount: 1, restorableUntil: null })
    expect(before.total).toMatchObject({ pointCount: 2021, lineCount: 3, textCount: 1 })
    expect(before.storedFileBytes).toBe(100)
    const deleted = await api.projects.delete.mutate({ organization, project: 'other' })
    const after = await api.usage.byOrganization.query({ organization })
    expect(after.projects[1]).toMatchObject({ id: deleted.id, restorableUntil: deleted.restorableUntil, lineCount: 1 })
    await api.runs.delete.mutate({ ...at(), run: small.run })
    const page = await api.usage.byProject.query(at())
    expect(page.runs[1]?.restorableUntil).toBeGreaterThan(Date.now())
  })
})
