import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { MetricStoreOptions } from '@kiroku/metric-store'
import { openDataDirectory } from './data-directory.ts'
import { explainFileError } from './file-errors.ts'
import { startPostgres } from './postgres.ts'

export { type DataDirectory, fillDataDirectory } from './data-directory.ts'
export { systemCode } from './file-errors.ts'
export { startPostgres } from './postgres.ts'
export { syncDirectory } from './sync-directory.ts'

export type EngineOptions = {
  dataDir: string
  /** A PostgreSQL to use in place of the embedded one. */
  databaseUrl?: string | undefined
  /** A ClickHouse server to use in place of the embedded engine. */
  clickhouseUrl?: string | undefined
  /** The name of a cluster that this server is of. */
  clickhouseCluster?: string | undefined
  /** Where the contents of files are kept, in place of the data directory; made when it is not there. */
  filesDir?: string | undefined
  /** Told, in one line, when the embedded PostgreSQL ended and cannot be started again for now. */
  onTrouble?: ((message: string) => void) | undefined
}

export type Engines = {
  databaseUrl: string
  clickhouse: MetricStoreOptions
  /** Whether PostgreSQL is ours, so that whoever can read the data directory owns everything anyway. */
  isEmbedded: boolean
  /** Absolute, symbolic links resolved. */
  dataDir: string
  /** Where the contents of files are kept, whatever the databases are. Absolute. */
  filesDir: string
  /** Stops PostgreSQL and frees the directory. Close the clients of both databases first. */
  close(): Promise<void>
}

/**
 * Takes the data directory and starts PostgreSQL over it, unless `databaseUrl` names another. ClickHouse's place is
 * only named: the metric store opens it. Throws a `KirokuError` of one line when the directory is in use, foreign, not
 * writable or on a full disk, or when PostgreSQL does not start.
 */
export async function openEngines(options: EngineOptions): Promise<Engines> {
  const directory = await openDataDirectory(options.dataDir)
  try {
    const filesDir = options.filesDir === undefined ? directory.files : resolve(options.filesDir)
    await mkdir(filesDir, { recursive: true, mode: 0o700 })
    const postgres =
      options.databaseUrl === undefined ? await startPostgres(directory.postgres, options.onTrouble) : undefined
    let closing: Promise<void> | undefined
    const close = async (): Promise<void> => {
      await postgres?.close()
      await directory.release()
    }
    return {
      databaseUrl: postgres?.databaseUrl ?? options.databaseUrl ?? '',
      clickhouse:
        options.clickhouseUrl === undefined
          ? { kind: 'embedded', path: directory.clickhouse }
          : { kind: 'server', url: options.clickhouseUrl, cluster: options.clickhouseCluster },
      isEmbedded: postgres !== undefined,
      dataDir: directory.path,
      filesDir,
      close() {
        closing ??= close()
        return closing
      },
    }
  } catch (error) {
    await directory.release()
    throw explainFileError(error, options.filesDir ?? directory.path)
  }
}
