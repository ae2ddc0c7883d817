import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sha256Of } from '../../testing/index.ts'
import type { BlobStorage } from './blob-storage.ts'
import { createDirectoryBlobStorage } from './directory-blob-storage.ts'
import { explainStorageError } from './storage-errors.ts'

const organizationId = randomUUID()
const maxBytes = 1_000_000
let directory: string
let storage: BlobStorage

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiroku-files-'))
  storage = createDirectoryBlobStorage(directory)
})
afterEach(() => rm(directory, { recursive: true, force: true }))

async function* piecesOf(...pieces: (Uint8Array | Error)[]): AsyncIterable<Uint8Array> {
  for (const piece of pieces) {
    if (piece instanceof Error) throw piece
    yield piece
  }
}

const everything = async (): Promise<string[]> => {
  const found = await readdir(directory, { recursive: true, withFileTypes: true })
  return found.filter((entry) => entry.isFile()).map(({ name }) => name)
}

async function keep(content: Uint8Array): Promise<string> {
  const received = await storage.receive(organizationId, piecesOf(content), maxBytes)
  await received.keep()
  await received.drop()
  return received.sha256
}

async function read(sha256: string): Promise<Buffer | null> {
  const opened = await storage.open({ organizationId, sha256 })
  if (opened === null) return null
  const pieces: Buffer[] = []
  for await (const piece of opened.content) pieces.push(Buffer.from(piece))
  expect(Buffer.concat(pieces).byteLength).toBe(opened.size)
  return Buffer.concat(pieces)
}

describe('a directory of contents', () => {
  it('gives back what it was given, by its hash, to its owner alone', async () => {
    const content = randomBytes(300_000)
    const sha256 = sha256Of(content)
    const pieces = [content.subarray(0, 1), content.subarray(1, 200_000), content.subarray(200_000)]
    const received = await storage.receive(organizationId, piecesOf(...pieces), maxBytes)
    expect(received).toMatchObject({ sha256, size: content.length })
    expect(await storage.has({ organizationId, sha256 })).toBe(false)
    await received.keep()
    await received.drop()
    expect(await storage.has({ organizationId, sha256 })).toBe(true)
    expect(await read(sha256)).toEqual(content)
    expect(await readFile(join(directory, organizationId, sha256.slice(0, 2), sha256))).toEqual(content)
    expect((await stat(join(directory, organizationId))).mode & 0o077).toBe(0)
    expect(await storage.has({ organizationId: randomUUID(), sha256 })).toBe(false)
    expect(await storage.open({ organizationId: randomUUID(), sha256 })).toBeNull()
  })

  it('takes nothing at all as a content too', async () => {
    expect(await read(await keep(new Uint8Array()))).toEqual(Buffer.alloc(0))
  })

  it('takes the same content many times at once', async () => {
    const content = randomBytes(50_000)
    const [sha256 = '', ...others] = await Promise.all(Array.from({ length: 20 }, () => keep(content)))
    expect(new Set(others)).toEqual(new Set([sha256]))
    expect(await read(sha256)).toEqual(content)
    expect(await everything()).toEqual([sha256])
  })

  it('keeps nothing of what is too long, breaks off, or is dropped', async () => {
    const tooLong = storage.receive(organizationId, piecesOf(randomBytes(600_000), randomBytes(400_001)), maxBytes)
    await expect(tooLong).rejects.toMatchObject({ code: 'TOO_LARGE' })
    const cutOff = storage.receive(organizationId, piecesOf(randomBytes(10), new Error('gone')), maxBytes)
    await expect(cutOff).rejects.toThrow('gone')
    const full = storage.receive(
      organizationId,
      piecesOf(randomBytes(10), Object.assign(new Error('no space left'), { code: 'ENOSPC' })),
      maxBytes,
    )
    await expect(full).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'the disk that keeps files is full' })
    await (await storage.receive(organizationId, piecesOf(randomBytes(10)), maxBytes)).drop()
    expect(await everything()).toEqual([])
  })

  it('deletes a content, and does not mind when there is none', async () => {
    const sha256 = await keep(randomBytes(10))
    await storage.delete({ organizationId, sha256 })
    await storage.delete({ organizationId, sha256 })
    expect(await storage.has({ organizationId, sha256 })).toBe(false)
  })

  it('lists contents and nothing else, and removes what was left behind when it is old', async () => {
    const hashes = await Promise.all(Array.from({ length: 30 }, (_, index) => keep(Buffer.from(`content ${index}`))))
    await storage.receive(organizationId, piecesOf(Buffer.from('left behind')), maxBytes)
    await writeFile(join(directory, organizationId, 'notes.txt'), 'not ours')
    const listed: string[] = []
    for await (const part of storage.list(organizationId)) listed.push(...part)
    expect(listed.sort()).toEqual(hashes.sort())
    const incoming = join(directory, organizationId, 'incoming')
    await storage.removeUnfinished(organizationId, 60_000)
    const [left = ''] = await readdir(incoming)
    await utimes(join(incoming, left), 0, 0)
    await storage.removeUnfinished(organizationId, 60_000)
    expect(await readdir(incoming)).toEqual([])
    await storage.removeUnfinished(randomUUID(), 0)
  })
})

describe('what a file system refuses', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'])('with %s is told as a reason to try later', (code) => {
    expect(explainStorageError(Object.assign(new Error(code), { code }))).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.not.stringContaining(code),
      details: { retryAfterMs: 10_000 },
    })
  })

  it('for other reasons stays what it is', () => {
    const error = new Error('other')
    expect(explainStorageError(error)).toBe(error)
  })
})
