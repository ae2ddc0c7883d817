import { chmod, mkdir, open, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import { parseJson } from '@kiroku/core/json'
import * as z from 'zod'
import { type DirectoryLock, lockDirectory, lockDirectoryName } from './directory-lock.ts'
import { explainFileError, systemCode } from './file-errors.ts'

const markerName = 'kiroku.json'
const newMarkerName = `${markerName}.new`
const currentVersion = 1
const dataNames = ['postgres', 'clickhouse', 'files', 'tmp'] as const
/** In a directory that is being filled and is no data directory yet. */
const fillingName = 'restore-unfinished'

const markerSchema = z.object({ kind: z.literal('kiroku-data'), version: z.number().int(), createdAt: z.string() })

/** What a directory may hold and still count as empty: a file system's own, and what a start that was cut short left. */
const ignoredNames = new Set(['lost+found', lockDirectoryName, newMarkerName])

export type DataDirectory = {
  /** Absolute, symbolic links resolved. */
  path: string
  postgres: string
  clickhouse: string
  files: string
  tmp: string
  release(): Promise<void>
}

/**
 * Makes or opens a data directory and locks it until `release()`. Throws one-line `KirokuError`s: a foreign directory,
 * one that another server holds, one that cannot be written, a full disk, a newer version's data.
 */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  const asked = resolve(path)
  try {
    return await openAt(asked)
  } catch (error) {
    throw explainFileError(error, asked)
  }
}

/**
 * Makes a data directory that `fill` puts everything in; it is one when that is done, and locked until then. `path` must not
 * exist or be empty. Throws CONFLICT when it is not, and what `fill` throws, after which it is empty again; killed in the middle
 * it leaves a directory that no server starts in.
 */
export async function fillDataDirectory(
  path: string,
  fill: (directory: DataDirectory) => Promise<void>,
): Promise<void> {
  const asked = resolve(path)
  try {
    await makeDirectory(asked)
    const real = await realpath(asked)
    const lock = await lockDirectory(real)
    try {
      const others = (await readdir(real)).filter((name) => !ignoredNames.has(name))
      if (others.length > 0) throw notEmpty(real, others)
      await chmod(real, 0o700)
      await writeFile(join(real, fillingName), '', { flag: 'wx', mode: 0o600, flush: true })
      await fill(await layOut(real, lock)).catch(async (error: unknown) => {
        for (const name of [...dataNames, fillingName]) await rm(join(real, name), { recursive: true, force: true })
        throw error
      })
      await writeMarker(real)
      await rm(join(real, fillingName))
    } finally {
      await lock.release()
    }
  } catch (error) {
    throw explainFileError(error, asked)
  }
}

function notEmpty(path: string, names: readonly string[]): KirokuError {
  if (names.includes(fillingName)) return unfinished(path)
  const message = `${path} is not empty (it holds ${names.slice(0, 3).join(', ')}): a backup is restored into a directory of its own; name one that does not exist yet with --data`
  return new KirokuError({ code: 'CONFLICT', message })
}

function unfinished(path: string): KirokuError {
  const message = `a restore into ${path} was cut short: delete that directory and restore again`
  return new KirokuError({ code: 'CONFLICT', message })
}

async function openAt(asked: string): Promise<DataDirectory> {
  await makeDirectory(asked)
  const path = await realpath(asked)
  const isNew = await checkOwnership(path)
  const lock = await lockDirectory(path)
  try {
    if (isNew) await writeMarker(path)
    return await layOut(path, lock)
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function makeDirectory(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error
  }
}

/** Answers whether an existing directory is a fresh one; throws `KirokuError` when it is somebody else's. */
export async function checkOwnership(path: string): Promise<boolean> {
  const text = await readMarker(path)
  if (text === undefined) {
    const others = (await readdir(path)).filter((name) => !ignoredNames.has(name))
    if (others.length === 0) return true
    if (others.includes(fillingName)) throw unfinished(path)
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `${path} is not a Kiroku data directory and is not empty (it holds ${others.slice(0, 3).join(', ')}); choose another with --data`,
    })
  }
  const marker = markerSchema.safeParse(parseJson(text))
  if (!marker.success) {
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `${join(path, markerName)} is not what Kiroku wrote; restore it from a backup, or choose another directory with --data`,
    })
  }
  if (marker.data.version > currentVersion) {
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `The data directory ${path} was written by a newer Kiroku (version ${marker.data.version}, this one knows ${currentVersion}); upgrade Kiroku`,
    })
  }
  await checkUser(path)
  return false
}

/** PostgreSQL only serves its owner's files, and files that another user made would lock that user out later. */
async function checkUser(path: string): Promise<void> {
  const { uid } = await stat(join(path, markerName))
  if (process.getuid === undefined || uid === process.getuid()) return
  throw new KirokuError({
    code: 'FORBIDDEN',
    message: `The data directory ${path} belongs to user ${uid}, and this is user ${process.getuid()}; start Kiroku as that user, or choose another with --data`,
  })
}

async function readMarker(path: string): Promise<string | undefined> {
  try {
    return await readFile(join(path, markerName), 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

async function writeMarker(path: string): Promise<void> {
  await chmod(path, 0o700)
  const marker = { kind: 'kiroku-data', version: currentVersion, createdAt: new Date().toISOString() }
  const file = await open(join(path, newMarkerName), 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(marker)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(join(path, newMarkerName), join(path, markerName))
}

async function layOut(path: string, lock: DirectoryLock): Promise<DataDirectory> {
  const tmp = join(path, 'tmp')
  await rm(tmp, { recursive: true, force: true })
  for (const name of dataNames) {
    await mkdir(join(path, name), { recursive: true, mode: 0o700 })
  }
  return {
    path,
    postgres: join(path, 'postgres'),
    clickhouse: join(path, 'clickhouse'),
    files: join(path, 'files'),
    tmp,
    release: () => lock.release(),
  }
}
