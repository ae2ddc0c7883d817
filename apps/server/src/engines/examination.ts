import { execFileSync } from 'node:child_process'
import { access, constants, readFile, realpath, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'
import * as z from 'zod'
import { checkOwnership } from './data-directory.ts'
import { findHolder } from './directory-lock.ts'
import { explainFileError, systemCode } from './file-errors.ts'
import { findPostgresBinaries } from './postgres-binaries.ts'
import { findPostgresUser } from './postgres-user.ts'

/** What was found of one thing: fine, worth knowing, or in the way of a start. `text` says what it is or what to do. */
export type Finding = { state: 'ok' | 'warn' | 'fail'; text: string }

const loadTimeoutMs = 60_000

/** Whether the embedded PostgreSQL is installed and its programs run here. */
export async function examinePostgres(): Promise<Finding> {
  return attempt(async () => {
    const user = findPostgresUser()
    const { postgres, version } = await findPostgresBinaries(user)
    execFileSync(postgres, ['--version'], { ...user, cwd: '/', env: {}, stdio: 'ignore' })
    return { state: 'ok', text: version }
  })
}

/** Whether the embedded ClickHouse is installed and can be loaded, which is tried in a process of its own. */
export async function examineClickhouse(): Promise<Finding> {
  return attempt(async () => {
    const fromStore = createRequire(createRequire(import.meta.url).resolve('@kiroku/metric-store'))
    const entry = fromStore.resolve('chdb')
    execFileSync(process.execPath, ['-e', 'require(process.argv[1])', entry], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: loadTimeoutMs,
    })
    return { state: 'ok', text: await versionAbove(dirname(entry), 'chdb') }
  })
}

/** Whether a server could start on a data directory. Changes nothing. */
export async function examineDataDirectory(path: string): Promise<Finding> {
  const asked = resolve(path)
  return attempt(async () => {
    try {
      if (!(await stat(asked)).isDirectory())
        return { state: 'fail', text: `${asked} is a file; choose another with --data` }
      const isNew = await checkOwnership(await realpath(asked))
      await access(asked, constants.W_OK | constants.X_OK)
      const holder = await findHolder(asked)
      if (holder !== undefined) return { state: 'warn', text: `${asked} is in use by ${holder}` }
      return { state: 'ok', text: `${asked}, ${isNew ? 'empty' : 'ready'}` }
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw explainFileError(error, asked)
      await checkCreatable(asked)
      return { state: 'ok', text: `${asked}, made at the first start` }
    }
  })
}

async function checkCreatable(path: string): Promise<void> {
  const parent = dirname(path)
  try {
    await access(parent, constants.W_OK | constants.X_OK)
  } catch (error) {
    if (systemCode(error) === 'ENOENT' && parent !== path) return checkCreatable(parent)
    throw explainFileError(error, path)
  }
}

async function attempt(examine: () => Promise<Finding>): Promise<Finding> {
  try {
    return await examine()
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return { state: 'fail', text: text.replaceAll(/\s*\n\s*/g, ' ').trim() }
  }
}

const packageSchema = z.object({ name: z.string(), version: z.string() })

async function versionAbove(directory: string, name: string): Promise<string> {
  const file = resolve(directory, 'package.json')
  try {
    const found = packageSchema.safeParse(JSON.parse(await readFile(file, 'utf8')))
    if (found.success && found.data.name === name) return found.data.version
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
  return directory === dirname(directory) ? 'unknown version' : versionAbove(dirname(directory), name)
}
