import { createReadStream } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { BackupEvent, BackupStage, BackupSummary, BackupTable } from '@kiroku/core/backup'
import { KirokuError } from '@kiroku/core/errors'
import type { FrozenTables, MetricStore } from '@kiroku/metric-store'
import type { BlobKey, BlobStorage, BlobsRepository, FilesService } from '../files/index.ts'
import type { BackupRepository } from './backup.repository.ts'
import { type BackupDirectory, createBackupDirectory } from './backup-directory.ts'
import { explainBackupError } from './backup-errors.ts'

/** Makes backups of everything that this server keeps, for all organizations: for its owner alone. */
export type BackupService = {
  /** Throws BAD_REQUEST when the databases are not embedded: those have tools of their own. */
  checkPossible(): void
  /**
   * Makes a backup at `directory`, an absolute path, while the server goes on, and tells how far it is. Throws CONFLICT when
   * another one is being made or something is in the way, TOO_LARGE when the disk has no room for it, BAD_REQUEST for a place
   * that cannot be, UNAVAILABLE when `signal` ends it. What was not finished is removed.
   */
  make(directory: string, tell: (event: BackupEvent) => void, signal: AbortSignal): Promise<BackupSummary>
  /** Gives up what is being made. */
  close(): Promise<void>
}

export type BackupOptions = {
  repository: BackupRepository
  store: Pick<MetricStore, 'freeze'>
  storage: Pick<BlobStorage, 'open'>
  blobs: Pick<BlobsRepository, 'listAll'>
  files: Pick<FilesService, 'withoutSweeps'>
  dataDir: string
  /** Whether both databases are this server's own. */
  isEmbedded: boolean
}

/** What is left free on the disk, at least. */
const spareBytes = 64 * 1024 * 1024
const tellEveryMs = 200

/**
 * PostgreSQL and ClickHouse are fixed at one moment, at which no write of ClickHouse is under way: so whatever PostgreSQL
 * acknowledges then is in ClickHouse, and a rewind is in both or in neither, as after a loss of power at that moment. Contents
 * of files never change; none is removed meanwhile, so those that PostgreSQL names then are there when their turn comes.
 */
export function createBackupService(options: BackupOptions): BackupService {
  const closing = new AbortController()
  let underWay: Promise<unknown> | undefined
  const checkPossible = (): void => {
    if (!options.isEmbedded) throw notEmbedded()
  }
  return {
    checkPossible,
    async make(asked, tell, signal) {
      const directory = resolve(asked)
      checkPossible()
      checkPlace(options.dataDir, directory)
      if (underWay) throw new KirokuError({ code: 'CONFLICT', message: 'another backup is being made' })
      const ending = AbortSignal.any([signal, closing.signal])
      const work = options.files.withoutSweeps(() => makeBackup(options, { directory, tell, signal: ending }))
      underWay = work.catch(() => {})
      try {
        return await work
      } catch (error) {
        throw explainBackupError(error, directory)
      } finally {
        underWay = undefined
      }
    },
    async close() {
      closing.abort()
      await underWay
    },
  }
}

function notEmbedded(): KirokuError {
  const message =
    'this server has databases elsewhere (DATABASE_URL, CLICKHOUSE_URL): back them up by their own tools, as docs/backup.md says'
  return new KirokuError({ code: 'BAD_REQUEST', message })
}

function checkPlace(dataDir: string, directory: string): void {
  const inside = relative(dataDir, directory)
  if (inside === '' || !inside.startsWith('..'))
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `${directory} is in the data directory ${dataDir}; name a place outside of it`,
    })
}

type Task = { directory: string; tell(event: BackupEvent): void; signal: AbortSignal }

async function makeBackup(options: BackupOptions, { directory, tell, signal }: Task): Promise<BackupSummary> {
  const target = await createBackupDirectory(directory)
  let frozen: FrozenTables | undefined
  try {
    const progress = createProgress(tell, signal)
    const copied = await options.repository.snapshot(async (snapshot) => {
      frozen = await options.store.freeze(() => snapshot.fix())
      const createdAt = new Date().toISOString()
      const points = frozen.files.reduce((sum, { size }) => sum + size, 0)
      const files = await sizeOfContents(options.blobs, signal)
      const postgres = await snapshot.size()
      await checkSpace(target, directory, postgres + points + files)
      progress.begin({ postgres, points, files })
      const tables: BackupTable[] = []
      for (const table of await snapshot.tables()) {
        const { content, rows } = snapshot.copy(table)
        await target.add(`postgres/${table.name}.copy`, progress.count('postgres', content))
        tables.push({ ...table, rows: rows() })
      }
      return { createdAt, tables, migrations: await snapshot.migrations(), heldMs: frozen.heldMs }
    })
    for (const { path, source } of frozen?.files ?? [])
      await target.add(`clickhouse/${path}`, progress.count('points', createReadStream(source)))
    await frozen?.release()
    const missingContents = await copyContents(options, target, progress)
    const { contents } = await target.finish({ ...copied, missingContents })
    return { directory, files: contents.files, bytes: contents.bytes, heldMs: copied.heldMs, missingContents }
  } catch (error) {
    await target.abandon()
    throw error
  } finally {
    await frozen?.release()
  }
}

async function sizeOfContents(blobs: BackupOptions['blobs'], signal: AbortSignal): Promise<number> {
  let bytes = 0
  for await (const some of blobs.listAll()) {
    checkSignal(signal)
    bytes += some.reduce((sum, { size }) => sum + size, 0)
  }
  return bytes
}

/** Copies all contents; answers how many of them are gone or damaged. */
async function copyContents(
  { blobs, storage }: BackupOptions,
  target: BackupDirectory,
  progress: Progress,
): Promise<number> {
  let missing = 0
  for await (const some of blobs.listAll()) {
    for (const { organizationId, sha256 } of some) {
      const opened = await storage.open({ organizationId, sha256 })
      const path = pathOf({ organizationId, sha256 })
      const added = opened && (await target.add(path, progress.count('files', opened.content), sha256))
      if (!added) missing++
    }
  }
  return missing
}

/** Where a content is in a backup: as it is in a data directory. */
const pathOf = ({ organizationId, sha256 }: BlobKey): string =>
  `files/${organizationId}/${sha256.slice(0, 2)}/${sha256}`

async function checkSpace(target: BackupDirectory, directory: string, bytes: number): Promise<void> {
  const free = await target.freeBytes()
  if (free >= bytes + spareBytes) return
  const inMib = (count: number): string => `${Math.ceil(count / 2 ** 20)} MiB`
  throw new KirokuError({
    code: 'TOO_LARGE',
    message: `a backup needs up to ${inMib(bytes + spareBytes)}, and ${inMib(free)} are free for ${directory}; free some space, or name another disk`,
  })
}

type Progress = {
  begin(totals: Record<BackupStage, number>): void
  /** The same pieces, counted and told as they pass. */
  count(stage: BackupStage, content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
}

function createProgress(tell: (event: BackupEvent) => void, signal: AbortSignal): Progress {
  let totals: Record<BackupStage, number> = { postgres: 0, points: 0, files: 0 }
  const done: Record<BackupStage, number> = { postgres: 0, points: 0, files: 0 }
  let toldAt = 0
  const say = (stage: BackupStage): void => {
    toldAt = Date.now()
    tell({ type: 'progress', stage, doneBytes: done[stage], totalBytes: Math.max(done[stage], totals[stage]) })
  }
  return {
    begin(known) {
      totals = known
      say('postgres')
    },
    async *count(stage, content) {
      for await (const piece of content) {
        checkSignal(signal)
        done[stage] += piece.byteLength
        if (Date.now() - toldAt >= tellEveryMs) say(stage)
        yield piece
      }
    },
  }
}

function checkSignal(signal: AbortSignal): void {
  if (signal.aborted) throw new KirokuError({ code: 'UNAVAILABLE', message: 'the backup was given up' })
}
