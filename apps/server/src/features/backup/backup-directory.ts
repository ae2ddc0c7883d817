import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, rmdir, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BackupFile, type BackupManifest, backupNames } from '@kiroku/core/backup'
import { KirokuError } from '@kiroku/core/errors'
import { parseJson } from '@kiroku/core/json'
import * as z from 'zod'
import { syncDirectory, systemCode } from '../../engines/index.ts'

/** A backup in the making, beside where it will be. Nothing of it is at its own place before it is whole. */
export type BackupDirectory = {
  /** Bytes that are free for it. */
  freeBytes(): Promise<number>
  /**
   * Writes a file, hashes it as it comes, and syncs it. One that has not the SHA-256 `expected` is left out; null then.
   * Throws UNAVAILABLE when the disk is full.
   */
  add(path: string, content: AsyncIterable<Uint8Array>, expected?: string): Promise<BackupFile | null>
  /** Writes the manifest and puts the whole in its place. Answers how many files and bytes it has. */
  finish(facts: Omit<BackupManifest, 'contents' | 'kind' | 'version'>): Promise<BackupManifest>
  /** Removes what there is of it. */
  abandon(): Promise<void>
}

const incompleteSchema = z.object({ kind: z.literal('kiroku-backup-incomplete') })

/**
 * Begins a backup that will be at `directory`, where nothing or an empty directory is; until then it is beside it, under the
 * same name and `.incomplete`, where what an earlier one left is removed. Throws CONFLICT when something is in the way.
 */
export async function createBackupDirectory(directory: string): Promise<BackupDirectory> {
  const building = `${directory}.incomplete`
  await mkdir(dirname(directory), { recursive: true })
  await checkFree(directory)
  await removeLeftover(building)
  await mkdir(building, { mode: 0o700 })
  await writeSynced(join(building, backupNames.incomplete), '{"kind":"kiroku-backup-incomplete"}\n')
  const list = await open(join(building, backupNames.contents), 'wx', 0o600)
  const listHash = createHash('sha256')
  const folders = new Set([building])
  let [files, bytes] = [0, 0]

  const makeFolder = async (path: string): Promise<void> => {
    if (folders.has(path)) return
    await makeFolder(dirname(path))
    await mkdir(path, { mode: 0o700 })
    folders.add(path)
  }
  const say = async (file: BackupFile): Promise<void> => {
    const line = Buffer.from(`${JSON.stringify(file)}\n`)
    listHash.update(line)
    await writeAll(list, line)
  }
  return {
    async freeBytes() {
      const { bavail, bsize } = await statfs(building)
      return bavail * bsize
    },
    async add(path, content, expected) {
      const target = join(building, ...path.split('/'))
      await makeFolder(dirname(target))
      const hash = createHash('sha256')
      const size = await writeContent(target, content, hash)
      const sha256 = hash.digest('hex')
      if (expected !== undefined && expected !== sha256) {
        await rm(target)
        return null
      }
      const file = { path, size, sha256 }
      await say(file)
      files++
      bytes += size
      return file
    },
    async finish(facts) {
      await list.sync()
      await list.close()
      const contents = { sha256: listHash.digest('hex'), files, bytes }
      const manifest = { kind: 'kiroku-backup' as const, version: 1, ...facts, contents }
      await writeSynced(join(building, backupNames.manifest), `${JSON.stringify(manifest, null, 2)}\n`)
      await rm(join(building, backupNames.incomplete))
      for (const folder of folders) await syncDirectory(folder)
      await checkFree(directory)
      await rename(building, directory)
      await syncDirectory(dirname(directory))
      return manifest
    },
    async abandon() {
      await list.close().catch(() => {})
      await rm(building, { recursive: true, force: true })
    },
  }
}

/** An empty directory in the way is taken, as one that a volume is mounted in cannot be. */
async function checkFree(directory: string): Promise<void> {
  const names = await namesIn(directory)
  if (names === null) return
  if (names.length > 0) throw inTheWay(`${directory} is not empty; name a directory that does not exist yet`)
  await rmdir(directory).catch(() => {
    throw inTheWay(`${directory} cannot be replaced; name a directory in it that does not exist yet`)
  })
}

async function removeLeftover(building: string): Promise<void> {
  const names = await namesIn(building)
  if (names === null) return
  const text = await readFile(join(building, backupNames.incomplete), 'utf8').catch(() => '{}')
  const isBegun = names.every((name) => name === backupNames.incomplete)
  if (!isBegun && !incompleteSchema.safeParse(parseJson(text)).success)
    throw inTheWay(`${building} is in the way, and no backup that was cut short; move it away`)
  await rm(building, { recursive: true })
}

/** The names in a directory; null where there is nothing. Throws CONFLICT for a file. */
async function namesIn(directory: string): Promise<string[] | null> {
  try {
    return await readdir(directory)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT') return null
    if (code === 'ENOTDIR') throw inTheWay(`${directory} is a file; name a directory that does not exist yet`)
    throw error
  }
}

const inTheWay = (message: string): KirokuError => new KirokuError({ code: 'CONFLICT', message })

async function writeContent(path: string, content: AsyncIterable<Uint8Array>, hash: Hash): Promise<number> {
  const file = await open(path, 'wx', 0o600)
  try {
    let size = 0
    for await (const piece of content) {
      hash.update(piece)
      size += piece.byteLength
      await writeAll(file, piece)
    }
    await file.sync()
    return size
  } finally {
    await file.close()
  }
}

/** A write may take a part only, as on a disk that is just about full; the next one then says why. */
async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  let written = 0
  while (written < piece.byteLength) written += (await file.write(piece, written)).bytesWritten
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}
