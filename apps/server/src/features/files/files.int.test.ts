import { routes } from '@kiroku/core/routes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attachFile,
  batchOf,
  type Caller,
  client,
  fetchFile,
  postBatch,
  sha256Of,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
  uploadBlob,
} from '../../testing/index.ts'

let server: TestServer
let caller: Caller & { organization: string }

beforeAll(async () => {
  server = await testServer()
  caller = await testOrganization(server)
})
afterAll(() => server.close())

type Address = { organization: string; project: string; run: string }
const address = ({ organization, project, run }: Address): Address => ({ organization, project, run })
const list = (of: Address) => client(caller).files.list.query(address(of))
const read = async (of: Address, path: string): Promise<string> =>
  (await fetchFile(caller, { ...address(of), path })).text()

describe('6.1 the files of a run', () => {
  it('are those that its stream names, by path', async () => {
    const run = await testRun(caller)
    expect(await list(run)).toEqual([])
    const patch = await uploadBlob(caller, 'patch')
    const program = await uploadBlob(caller, 'program')
    const updates = [
      { type: 'file', path: 'diff.patch', mime: 'text/plain', ...patch },
      { type: 'file', path: 'code/main.ts', mime: 'text/plain', ...program },
    ] as const
    const { rejected } = await postBatch(caller, batchOf(run, { updates }))
    expect(rejected).toEqual([])
    const [{ type: _first, ...diff }, { type: _second, ...main }] = updates
    expect(await list(run)).toEqual([
      { ...main, createdAt: expect.any(Number) },
      { ...diff, createdAt: expect.any(Number) },
    ])
    expect(await read(run, 'code/main.ts')).toBe('program')
    expect(await read(run, 'diff.patch')).toBe('patch')
  })

  it('take the place of one that was at their path, the last of a batch too', async () => {
    const run = await testRun(caller)
    const [first, second, third] = await Promise.all(['1', '2', '3'].map((content) => uploadBlob(caller, content)))
    const fileOf = (blob: { sha256: string; size: number } | undefined, mime = 'text/plain') => ({
      ...{ sha256: '', size: 0, ...blob },
      type: 'file' as const,
      path: 'a',
      mime,
    })
    await postBatch(caller, batchOf(run, { updates: [fileOf(second), fileOf(first)] }))
    expect(await read(run, 'a')).toBe('1')
    await postBatch(caller, batchOf(run, { firstSeq: 3, updates: [fileOf(third, 'application/json')] }))
    expect(await list(run)).toMatchObject([{ path: 'a', sha256: third?.sha256, mime: 'application/json' }])
    expect(await read(run, 'a')).toBe('3')
    // A batch that comes again changes nothing.
    await postBatch(caller, batchOf(run, { updates: [fileOf(second), fileOf(first)] }))
    expect(await read(run, 'a')).toBe('3')
  })

  it('are refused one by one where their content was not uploaded, and the rest of the batch stands', async () => {
    const run = await testRun(caller)
    const known = await uploadBlob(caller, 'known')
    const unknown = sha256Of('never uploaded')
    const stranger = await testOrganization(server)
    const theirs = await uploadBlob(stranger, 'of another organization')
    const ack = await postBatch(
      caller,
      batchOf(run, {
        rows: [{ step: 0, values: { loss: 1 } }],
        updates: [
          { type: 'file', path: 'unknown', mime: 'text/plain', sha256: unknown, size: 1 },
          { type: 'file', path: 'theirs', mime: 'text/plain', ...theirs },
          { type: 'file', path: 'known', mime: 'text/plain', ...known },
          { type: 'config', set: { after: true } },
        ],
      }),
    )
    expect(ack).toMatchObject({
      ackSeq: 5,
      rejected: [
        { metric: 'unknown', reason: `its content ${unknown} was not uploaded` },
        { metric: 'theirs', reason: `its content ${theirs.sha256} was not uploaded` },
      ],
    })
    expect(await list(run)).toMatchObject([{ path: 'known' }])
    expect(await client(caller).runs.byId.query(address(run))).toMatchObject({ config: { after: true }, lastStep: 0 })
  })

  it('keep the one that stands when a newer one at its path is refused', async () => {
    const run = await testRun(caller)
    await attachFile(caller, run, { path: 'a', content: 'stands' })
    const newer = { type: 'file', path: 'a', mime: 'text/plain', sha256: sha256Of('lost'), size: 4 } as const
    expect((await postBatch(caller, batchOf(run, { firstSeq: 2, updates: [newer] }))).rejected).toHaveLength(1)
    expect(await read(run, 'a')).toBe('stands')
  })

  it.each(['/etc/passwd', '../up', 'a//b', 'a/./b', 'a\\b', ''])('are not at a path like %j', async (path) => {
    const run = await testRun(caller)
    const { rejected } = await attachFile(caller, run, { path, content: 'x' })
    expect(rejected).toMatchObject([{ metric: 'file', reason: expect.stringContaining('path') }])
    expect(await list(run)).toEqual([])
  })

  it('of many runs may name one content at once', async () => {
    const runs = await Promise.all(Array.from({ length: 12 }, () => testRun(caller)))
    const blobs = await Promise.all(['x', 'y', 'z'].map((content) => uploadBlob(caller, content)))
    const acks = await Promise.all(
      runs.map((run, index) => {
        const files = blobs.map((blob, at) => ({ type: 'file' as const, path: `${at}`, mime: 'text/plain', ...blob }))
        return postBatch(caller, batchOf(run, { updates: index % 2 === 0 ? files : files.reverse() }))
      }),
    )
    expect(acks.flatMap(({ rejected }) => rejected)).toEqual([])
    for (const run of runs) expect(await list(run)).toHaveLength(3)
  })
})

describe('4.6 a fork', () => {
  it('has the media that its history names, and not what tells of the code of its parent', async () => {
    const parent = await testRun(caller)
    await attachFile(caller, parent, { path: 'media/images/a.png', content: 'image', mime: 'image/png' })
    await attachFile(caller, parent, { path: 'diff.patch', content: 'patch', firstSeq: 2 })
    const fork = await testRun(caller, { fork: { run: parent.run, step: 0 } })
    expect(await list(fork)).toMatchObject([{ path: 'media/images/a.png', mime: 'image/png' }])
    expect(await read(fork, 'media/images/a.png')).toBe('image')
    expect(await list(parent)).toHaveLength(2)
  })
})

describe('a file', () => {
  it('comes with its size and tag, and not again to whoever has it', async () => {
    const run = await testRun(caller)
    await attachFile(caller, run, { path: 'a b/記.json', content: '{}', mime: 'application/json' })
    const answer = await fetchFile(caller, { ...run, path: 'a b/記.json' })
    expect(answer.status).toBe(200)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-length': '2',
      'content-type': 'application/json',
      'content-disposition': `inline; filename="_.json"; filename*=UTF-8''%E8%A8%98.json`,
      'cache-control': 'private, no-cache',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      etag: `"${sha256Of('{}')}"`,
    })
    expect(await answer.text()).toBe('{}')
    const etag = answer.headers.get('etag') ?? ''
    const again = await fetchFile(caller, { ...run, path: 'a b/記.json' }, { 'if-none-match': etag })
    expect([again.status, await again.text()]).toEqual([304, ''])
    const changed = await fetchFile(caller, { ...run, path: 'a b/記.json' }, { 'if-none-match': '"other"' })
    expect(changed.status).toBe(200)
  })

  it('comes in stretches, as players ask for it', async () => {
    const run = await testRun(caller)
    await attachFile(caller, run, { path: 'a.wav', content: '0123456789', mime: 'audio/wav' })
    const part = async (range: string, more: Record<string, string> = {}) => {
      const answer = await fetchFile(caller, { ...run, path: 'a.wav' }, { range, ...more })
      return [answer.status, answer.headers.get('content-range'), await answer.text()]
    }
    expect(await part('bytes=0-')).toEqual([206, 'bytes 0-9/10', '0123456789'])
    expect(await part('bytes=3-5')).toEqual([206, 'bytes 3-5/10', '345'])
    expect(await part('bytes=-2')).toEqual([206, 'bytes 8-9/10', '89'])
    expect(await part('bytes=8-100')).toEqual([206, 'bytes 8-9/10', '89'])
    expect(await part('bytes=10-')).toEqual([416, 'bytes */10', ''])
    expect(await part('bytes=1-2,4-5')).toEqual([200, null, '0123456789'])
    const etag = `"${sha256Of('0123456789')}"`
    expect(await part('bytes=3-5', { 'if-range': etag })).toEqual([206, 'bytes 3-5/10', '345'])
    expect(await part('bytes=3-5', { 'if-range': '"other"' })).toEqual([200, null, '0123456789'])
    const { headers } = await fetchFile(caller, { ...run, path: 'a.wav' }, { range: 'bytes=3-5' })
    expect(Object.fromEntries(headers)).toMatchObject({
      'accept-ranges': 'bytes',
      'content-length': '3',
      'content-type': 'audio/wav',
      'content-disposition': expect.stringMatching(/^inline/),
    })
  })

  it('of HTML is shown as a page of no origin where that is asked for, and nothing else is', async () => {
    const run = await testRun(caller)
    await attachFile(caller, run, { path: 'a.html', content: '<b>a</b>', mime: 'text/html' })
    await attachFile(caller, run, { path: 'a.js', content: 'alert(1)', mime: 'text/javascript', firstSeq: 2 })
    const pageAt = (path: string) =>
      fetch(`${caller.url}${routes.files}?${new URLSearchParams({ ...address(run), path, as: 'page' })}`, {
        headers: { authorization: `Bearer ${caller.apiKey}` },
      })
    const page = await pageAt('a.html')
    expect([page.status, await page.text()]).toEqual([200, '<b>a</b>'])
    expect(Object.fromEntries(page.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': expect.stringMatching(/^sandbox allow-scripts; default-src 'none'; /),
      'x-frame-options': 'SAMEORIGIN',
    })
    const refused = await pageAt('a.js')
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('a.js is text/javascript')])
  })

  it.each(['text/html', 'image/svg+xml'])('that could run, as %s, is saved', async (mime) => {
    const run = await testRun(caller)
    await attachFile(caller, run, { path: 'page', content: '<script>alert(1)</script>', mime })
    const { headers } = await fetchFile(caller, { ...run, path: 'page' })
    expect(headers.get('content-type')).toBe('application/octet-stream')
    expect(headers.get('content-disposition')).toMatch(/^attachment/)
  })

  it('is not found at other paths, in other runs, and in deleted ones', async () => {
    const run = await testRun(caller)
    await attachFile(caller, run, { path: 'a', content: 'x' })
    const statusAt = async (of: Address, path: string): Promise<number> =>
      (await fetchFile(caller, { ...address(of), path })).status
    expect(await statusAt(run, 'b')).toBe(404)
    expect(await statusAt({ ...run, run: 'none' }, 'a')).toBe(404)
    expect(await statusAt({ ...run, project: 'none' }, 'a')).toBe(404)
    expect(await statusAt(run, '../a')).toBe(400)
    await expect(list({ ...run, run: 'none' })).rejects.toThrow('there is no run none')
    await client(caller).runs.delete.mutate(address(run))
    expect(await statusAt(run, 'a')).toBe(404)
    await expect(list(run)).rejects.toThrow('there is no run')
    await client(caller).runs.restore.mutate(address(run))
    expect(await statusAt(run, 'a')).toBe(200)
  })

  it('is asked for with a run and a path', async () => {
    const answer = await fetch(`${caller.url}${routes.files}?organization=${caller.organization}`, {
      headers: { authorization: `Bearer ${caller.apiKey}` },
    })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining('path') })
  })
})
