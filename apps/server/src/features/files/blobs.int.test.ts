import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { maxFileBytes } from '@kiroku/core/files'
import { routes } from '@kiroku/core/routes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attachFile,
  batchOf,
  type Caller,
  client,
  fetchFile,
  postBatch,
  putBlob,
  rawRequest,
  sha256Of,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
  until,
  uploadBlob,
} from '../../testing/index.ts'

let server: TestServer
let caller: Caller & { organization: string }

beforeAll(async () => {
  server = await testServer()
  caller = await testOrganization(server)
})
afterAll(() => server.close())

const missing = async (from: Caller, ...hashes: string[]): Promise<string[]> =>
  (await client(from).files.offer.mutate({ hashes })).missing

/** The files on the server's disk that hold `sha256`, or uploads that were left behind. */
async function filesOnDisk(isMeant: (name: string, folder: string) => boolean): Promise<string[]> {
  const entries = await readdir(join(server.dataDir, 'files'), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile() && isMeant(entry.name, entry.parentPath)).map(({ name }) => name)
}
const leftBehind = (): Promise<string[]> => filesOnDisk((_name, folder) => folder.endsWith('incoming'))

describe('content', () => {
  it('is missing until it was uploaded, and then known', async () => {
    const [first, second] = [randomBytes(1000), randomBytes(1000)]
    const hashes = [sha256Of(first), sha256Of(second)]
    expect(await missing(caller, ...hashes, ...hashes)).toEqual(hashes)
    expect(await uploadBlob(caller, first)).toEqual({ sha256: hashes[0], size: 1000 })
    expect(await missing(caller, ...hashes)).toEqual([hashes[1]])
  })

  it('may come again, and many times at once, and is there once', async () => {
    const content = randomBytes(100_000)
    const sha256 = sha256Of(content)
    const answers = await Promise.all(Array.from({ length: 24 }, () => putBlob(caller, sha256, content)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 204))
    expect((await putBlob(caller, sha256, content)).status).toBe(204)
    expect(await filesOnDisk((name) => name === sha256)).toEqual([sha256])
    expect(await leftBehind()).toEqual([])
  })

  it('of another hash than the address says is refused, and nothing of it is kept', async () => {
    const content = randomBytes(1000)
    const wrong = 'f'.repeat(64)
    const answer = await putBlob(caller, wrong, content)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining(sha256Of(content)),
    })
    expect(await missing(caller, wrong, sha256Of(content))).toEqual([wrong, sha256Of(content)])
    expect(await filesOnDisk((name) => name === wrong || name === sha256Of(content))).toEqual([])
    expect(await leftBehind()).toEqual([])
  })

  it.each(['ABC', 'g'.repeat(64), `${'a'.repeat(63)}`, '..%2f..%2fetc'])(
    'below the address %s is refused',
    async (address) => {
      const answer = await putBlob(caller, address, 'x')
      expect(answer.status).toBe(400)
      expect(await answer.json()).toMatchObject({ code: 'BAD_REQUEST' })
    },
  )

  it('that says it is too long is refused before it is read', async () => {
    const answer = await new Promise<number | undefined>((resolve, reject) => {
      const outgoing = request(`${caller.url}${routes.blobs}/${'a'.repeat(64)}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${caller.apiKey}`, 'content-length': String(maxFileBytes + 1) },
      })
      outgoing.on('response', ({ statusCode }) => {
        resolve(statusCode)
        outgoing.destroy()
      })
      outgoing.on('error', reject)
      outgoing.flushHeaders()
    })
    expect(answer).toBe(413)
  })

  it('may be sent as any type, without one, in pieces, and may be nothing', async () => {
    const headers = { authorization: `Bearer ${caller.apiKey}` }
    const put = (content: string, more: Record<string, string>) =>
      rawRequest(`${caller.url}${routes.blobs}/${sha256Of(content)}`, {
        method: 'PUT',
        headers: { ...headers, ...more },
        body: content,
      })
    expect((await put('{"a":1', { 'content-type': 'application/json' })).status).toBe(204)
    expect((await put('untyped', {})).status).toBe(204)
    expect((await put('pieces', { 'transfer-encoding': 'chunked' })).status).toBe(204)
    expect((await put('', { 'content-length': '0' })).status).toBe(204)
    expect(await missing(caller, ...['{"a":1', 'untyped', 'pieces', ''].map(sha256Of))).toEqual([])
  })

  it('whose sender leaves in the middle leaves nothing behind', async () => {
    const outgoing = request(`${caller.url}${routes.blobs}/${'b'.repeat(64)}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${caller.apiKey}`, 'content-length': '1000000' },
    })
    outgoing.on('error', () => {})
    outgoing.write(randomBytes(500_000))
    await until(async () => expect(await leftBehind()).toHaveLength(1))
    outgoing.destroy()
    await until(async () => expect(await leftBehind()).toEqual([]))
  })

  it('of another organization is missing, also to one that knows its hash', async () => {
    const stranger = await testOrganization(server)
    const { sha256 } = await uploadBlob(caller, randomBytes(100))
    expect(await missing(stranger, sha256)).toEqual([sha256])
    expect(await missing(caller, sha256)).toEqual([])
  })

  it('asks for a key', async () => {
    const url = `${caller.url}${routes.blobs}/${sha256Of('x')}`
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(401)
  })

  it.each([[], ['x'], Array.from({ length: 1001 }, () => 'a'.repeat(64))].map((hashes) => [hashes]))(
    'is not offered by a list like %j',
    async (hashes) => {
      await expect(client(caller).files.offer.mutate({ hashes })).rejects.toThrow('hashes')
    },
  )
})

describe('a large file', () => {
  it('comes and goes without being held in memory', async () => {
    const size = 200 * 1024 * 1024
    const piece = randomBytes(1024 * 1024)
    const pieces = size / piece.length
    const hash = createHash('sha256')
    for (let index = 0; index < pieces; index++) hash.update(piece)
    const sha256 = hash.digest('hex')
    const before = process.memoryUsage()
    let highest = 0
    const watch = (): void => {
      const { heapUsed, external } = process.memoryUsage()
      highest = Math.max(highest, heapUsed + external - before.heapUsed - before.external)
    }
    let index = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        watch()
        if (index++ < pieces) controller.enqueue(piece)
        else controller.close()
      },
    })
    const answer = await fetch(`${caller.url}${routes.blobs}/${sha256}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${caller.apiKey}` },
      body,
      duplex: 'half',
    })
    expect(answer.status).toBe(204)
    const run = await testRun(caller)
    const other = await attachFile(caller, run, { path: 'small', content: 'small' })
    expect(other.rejected).toEqual([])
    const file = { type: 'file', path: 'large.bin', sha256, size, mime: 'application/octet-stream' } as const
    await postBatch(caller, batchOf(run, { firstSeq: 2, updates: [file] }))
    const download = await fetchFile(caller, { ...run, path: 'large.bin' })
    expect(download.headers.get('content-length')).toBe(String(size))
    const back = createHash('sha256')
    for await (const part of download.body ?? []) {
      watch()
      back.update(part)
    }
    expect(back.digest('hex')).toBe(sha256)
    expect(highest).toBeLessThan(size / 2)
  })
})
