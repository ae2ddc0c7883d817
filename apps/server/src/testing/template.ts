import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { openDatabase } from '../database/database.ts'
import { openDataDirectory } from '../engines/data-directory.ts'
import { startPostgres } from '../engines/postgres.ts'
import { templateDirectory } from './env.ts'

const execute = promisify(execFile)

/**
 * Makes a data directory as a first start leaves it before anything is in it: a cluster of PostgreSQL that is migrated. To make
 * one takes over a second of a processor, and to copy it a tenth.
 */
export async function makeTemplate(path: string): Promise<void> {
  const directory = await openDataDirectory(path)
  try {
    const postgres = await startPostgres(directory.postgres)
    try {
      const database = await openDatabase(postgres.databaseUrl)
      await database.close()
    } finally {
      await postgres.close()
    }
    await rm(join(directory.postgres, 'postgres.log'), { force: true })
  } finally {
    await directory.release()
  }
}

/** Has a data directory that does not exist yet begin as a copy of the template, where the tests have one. */
export async function beginFromTemplate(dataDir: string): Promise<void> {
  const template = templateDirectory()
  if (template === undefined || existsSync(dataDir)) return
  await mkdir(dirname(dataDir), { recursive: true })
  // It keeps owners, which Node's own copy does not: the cluster may be another user's.
  await execute('cp', ['-a', template, dataDir])
}
