import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import { sha256Schema } from '@kiroku/core/files'
import { syncDirectory } from '../../engines/index.ts'
import type { BlobKey, BlobStorage, ReceivedBlob } from './blob-storage.ts'
import { explainStorageError, isMissing } from './storage-errors.ts'

const incomingName = 'incoming'

/**
 * Contents as files below a directory: `<organization>/<first two digits>/<sha256>`. What comes in is written to
 * `<organization>/incoming` first, on the same file system, so that a content is there whole or not at all.
 */
export function createDirectoryBlobStorage(directory: string): BlobStorage {
  const homeOf = (organizationId: string): string => join(directory, organizationId)
  const incomingOf = (organizationId: string): string => join(homeOf(organizationId), incomingName)
  const pathOf = ({ organizationId, sha256 }: BlobKey): string =>
    join(homeOf(organizationId), sha256.slice(0, 2), sha256)
  const explained = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw explainStorageError(error)
    }
  }

  return {
    receive: (organizationId, content, maxBytes) =>
      explained(async () => {
        await makeDirectory(incomingOf(organizationId))
        const incoming = join(incomingOf(organizationId), randomUUID())
        try {
          const facts = await writeHashed(incoming, content, maxBytes)
          return receivedAt(incoming, pathOf({ organizationId, sha256: facts.sha256 }), facts)
        } catch (error) {
          await rm(incoming, { force: true })
          throw error
        }
      }),

    open: (key, range) =>
      explained(async () => {
        const file = await openIfThere(pathOf(key))
        if (file === null) return null
        const { size } = await file.stat().catch(async (error: unknown) => {
          await file.close()
          throw error
        })
        return { content: file.createReadStream(range), size }
      }),

    has: (key) =>
      explained(async () => {
        try {
          return (await stat(pathOf(key))).isFile()
        } catch (error) {
          if (isMissing(error)) return false
          throw error
        }
      }),

    delete: (key) => explained(() => rm(pathOf(key), { force: true })),

    deleteAll: (organizationId) => explained(() => rm(homeOf(organizationId), { recursive: true, force: true })),

    async *list(organizationId) {
      for (const folder of await explained(() => namesIn(homeOf(organizationId)))) {
        if (!/^[0-9a-f]{2}$/.test(folder)) continue
        const names = await explained(() => namesIn(join(homeOf(organizationId), folder)))
        yield names.filter((name) => sha256Schema.safeParse(name).success && name.startsWith(folder))
      }
    },

    removeUnfinished: (organizationId, ageMs) =>
      explained(async () => {
        const oldest = Date.now() - ageMs
        for (const name of await namesIn(incomingOf(organizationId))) {
          const path = join(incomingOf(organizationId), name)
          const facts = await stat(path).catch((error: unknown) => {
            if (isMissing(error)) return null
            throw error
          })
          if (facts !== null && facts.mtimeMs < oldest) await rm(path, { force: true })
        }
      }),
  }

  function receivedAt(incoming: string, path: string, facts: WrittenFacts): ReceivedBlob {
    return {
      ...facts,
      keep: () =>
        explained(async () => {
          await makeDirectory(dirname(path))
          await rename(incoming, path)
          await syncDirectory(dirname(path))
        }),
      drop: () => explained(() => rm(incoming, { force: true })),
    }
  }

  /** Makes a directory that a loss of power does not take back: each one that is new is synced in its parent. */
  async function makeDirectory(path: string): Promise<void> {
    const firstMade = await mkdir(path, { recursive: true, mode: 0o700 })
    if (firstMade === undefined) return
    for (let made = path; made.length >= firstMade.length; made = dirname(made)) await syncDirectory(dirname(made))
  }
}

type WrittenFacts = Pick<ReceivedBlob, 'sha256' | 'md5' | 'size'>

/** Writes a content to a new file and syncs it, a piece at a time. */
async function writeHashed(path: string, content: AsyncIterable<Uint8Array>, maxBytes: number): Promise<WrittenFacts> {
  const hash = createHash('sha256')
  const md5 = createHash('md5')
  const file = await open(path, 'wx', 0o600)
  try {
    let size = 0
    for await (const piece of content) {
      size += piece.byteLength
      if (size > maxBytes) throw new KirokuError({ code: 'TOO_LARGE', message: `a file has at most ${maxBytes} bytes` })
      hash.update(piece)
      md5.update(piece)
      await writeWhole(file, piece)
    }
    await file.sync()
    return { sha256: hash.digest('hex'), md5: md5.digest('base64'), size }
  } finally {
    await file.close()
  }
}

/** A write may take a part only, as on a disk that is just about full; the next one then says why. */
async function writeWhole(file: FileHandle, piece: Uint8Array): Promise<void> {
  let written = 0
  while (written < piece.byteLength) written += (await file.write(piece, written)).bytesWritten
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
