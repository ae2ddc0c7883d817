import { mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import type { BackupManifest } from '@kiroku/core/backup'
import { KirokuError } from '@kiroku/core/errors'
import { openDatabase } from '../../database/database.ts'
import { listMigrations } from '../../database/migrations.ts'
import { type DataDirectory, fillDataDirectory, startPostgres, syncDirectory } from '../../engines/index.ts'
import { createBackupRepository } from './backup.repository.ts'
import { type Backup, openBackup } from './read-backup.ts'

export type RestoreOptions = {
  /** The backup's directory. */
  from: string
  /** Where the data directory will be: nothing or an empty directory. */
  dataDir: string
  /** Where contents of files go in place of the data directory: nothing or an empty directory. */
  filesDir?: string | undefined
  tell?: ((doneBytes: number, totalBytes: number) => void) | undefined
}

/** What a fresh PostgreSQL takes beside the backup's own bytes. */
const spareBytes = 256 * 1024 * 1024
/** Below it a backup has the contents of files. */
const filesPrefix = 'files/'

/**
 * Makes a data directory from a backup, checking each file as it is read. It is one when all is in it and on disk; a server
 * then starts in it as after a loss of power at the moment of the backup. Throws BAD_REQUEST for a backup that is not whole,
 * damaged or of a newer release, CONFLICT when a directory is not empty, TOO_LARGE without room.
 */
export async function restoreBackup({
  from,
  dataDir,
  filesDir,
  tell = () => {},
}: RestoreOptions): Promise<BackupManifest> {
  const backup = await openBackup(from)
  const { manifest } = backup
  await checkMigrations(manifest)
  const counting = { done: 0, tell: () => tell(counting.done, manifest.contents.bytes) }
  await fillDataDirectory(dataDir, (directory) =>
    inFilesDirectory(filesDir, directory, async (files) => {
      await checkSpace(backup, directory.path, files)
      await copyFiles(backup, directory, files, counting)
      await loadPostgres(backup, directory, counting)
      await syncFolders(directory.clickhouse)
      await syncFolders(files)
    }),
  )
  return manifest
}

/** Does `fill` with the place of files' contents. What it leaves of a directory beside the data directory when it throws is removed. */
async function inFilesDirectory(
  asked: string | undefined,
  directory: DataDirectory,
  fill: (files: string) => Promise<void>,
): Promise<void> {
  if (asked === undefined || resolve(asked) === directory.files) return fill(directory.files)
  const files = resolve(asked)
  await mkdir(files, { recursive: true, mode: 0o700 })
  if ((await readdir(files)).length > 0) {
    const message = `${files}, where KIROKU_FILES_DIR has contents of files restored, is not empty: name a directory that does not exist yet, or none`
    throw new KirokuError({ code: 'CONFLICT', message })
  }
  await fill(files).catch(async (error: unknown) => {
    for (const name of await readdir(files)) await rm(join(files, name), { recursive: true, force: true })
    throw error
  })
}

type Counting = { done: number; tell(): void }

async function checkMigrations({ migrations }: BackupManifest): Promise<void> {
  const known = new Set(await listMigrations())
  const unknown = migrations.find((name) => !known.has(name))
  if (unknown === undefined) return
  const message = `the backup was made by a newer Kiroku (it has the migration ${unknown}); restore it with that version`
  throw new KirokuError({ code: 'BAD_REQUEST', message })
}

async function checkSpace(backup: Backup, data: string, files: string): Promise<void> {
  let ofFiles = 0
  for await (const { path, size } of backup.files()) if (path.startsWith(filesPrefix)) ofFiles += size
  const ofData = backup.manifest.contents.bytes - ofFiles + spareBytes
  if ((await stat(data)).dev === (await stat(files)).dev) return checkFree(data, ofData + ofFiles)
  await checkFree(data, ofData)
  await checkFree(files, ofFiles)
}

async function checkFree(path: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(path)
  if (bavail * bsize >= needed) return
  const inMib = (count: number): string => `${Math.ceil(count / 2 ** 20)} MiB`
  const message = `the backup needs ${inMib(needed)}, and ${inMib(bavail * bsize)} are free for ${path}; free some space, or name another disk with --data`
  throw new KirokuError({ code: 'TOO_LARGE', message })
}

/** Lays ClickHouse's tables and the contents of files in their places. */
async function copyFiles(backup: Backup, directory: DataDirectory, files: string, counting: Counting): Promise<void> {
  for await (const file of backup.files()) {
    if (file.path.startsWith('postgres/')) continue
    const target = file.path.startsWith(filesPrefix)
      ? join(files, ...file.path.slice(filesPrefix.length).split('/'))
      : join(directory.path, ...file.path.split('/'))
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    const written = await open(target, 'wx', 0o600)
    try {
      for await (const piece of backup.read(file)) {
        await written.writeFile(piece)
        counting.done += piece.byteLength
        counting.tell()
      }
      await written.sync()
    } finally {
      await written.close()
    }
  }
}

/** Makes a PostgreSQL with the tables as they were when the backup was made; the next start brings them up to date. */
async function loadPostgres(backup: Backup, directory: DataDirectory, counting: Counting): Promise<void> {
  const { tables, migrations } = backup.manifest
  const files = new Map<string, Readable>()
  for await (const file of backup.files())
    if (file.path.startsWith('postgres/')) files.set(file.path, Readable.from(counted(backup.read(file), counting)))
  const postgres = await startPostgres(directory.postgres)
  try {
    const database = await openDatabase(postgres.databaseUrl, migrations)
    try {
      await createBackupRepository(database).load(tables, ({ name }) => {
        const content = files.get(`postgres/${name}.copy`)
        if (content) return content
        throw new KirokuError({ code: 'BAD_REQUEST', message: `the backup is damaged: it has no rows of ${name}` })
      })
    } finally {
      await database.close()
    }
  } finally {
    await postgres.close()
  }
}

async function* counted(content: AsyncIterable<Buffer>, counting: Counting): AsyncIterable<Buffer> {
  for await (const piece of content) {
    counting.done += piece.byteLength
    counting.tell()
    yield piece
  }
}

/** Has a loss of power take back no name below a directory. */
async function syncFolders(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true }))
    if (entry.isDirectory()) await syncFolders(join(path, entry.name))
  await syncDirectory(path)
}
