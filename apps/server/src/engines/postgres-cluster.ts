import { type SpawnOptions, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdtemp, readdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import { systemCode } from './file-errors.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import type { PostgresUser } from './postgres-user.ts'
import { syncDirectory } from './sync-directory.ts'

/** A finished cluster: its directory and the password of its one role. */
export type PostgresCluster = { directory: string; password: string }

/** The role and the database of Kiroku. */
export const postgresRole = 'kiroku'
export const postgresDatabase = 'kiroku'

const unfinishedPrefix = 'cluster.new-'
const neededBytes = 128 * 1024 * 1024
const hostRules = '# TYPE DATABASE USER ADDRESS METHOD\nhost all all 127.0.0.1/32 scram-sha-256\n'

/**
 * How a cluster's directory is named to PostgreSQL's programs, which are started in it. On Linux it is named by the
 * working directory, so that the user they run as needs no right to walk the path (a root's closed home).
 */
export function clusterArgument(directory: string): string {
  return process.platform === 'linux' ? '/proc/self/cwd' : directory
}

/** PostgreSQL's programs get nothing of this process' environment. */
export const postgresEnvironment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/**
 * Opens `home`'s cluster, or makes it. It is made under another name and renamed when it is whole, so that a start that
 * is cut short leaves nothing that the next one could take for a cluster.
 */
export async function prepareCluster(
  home: string,
  binaries: PostgresBinaries,
  user: PostgresUser,
): Promise<PostgresCluster> {
  const directory = join(home, 'cluster')
  await removeLeftovers(home)
  const version = await readIfThere(join(directory, 'PG_VERSION'))
  if (version === undefined) return makeCluster(home, directory, binaries, user)
  const [ours] = binaries.version.split('.')
  if (version.trim() !== ours) {
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `${directory} was made by PostgreSQL ${version.trim()} and this is PostgreSQL ${ours}: start it with the Kiroku version that made it`,
    })
  }
  return { directory, password: (await readFile(join(home, 'password'), 'utf8')).trim() }
}

async function makeCluster(
  home: string,
  directory: string,
  binaries: PostgresBinaries,
  user: PostgresUser,
): Promise<PostgresCluster> {
  await checkSpace(home)
  const building = await mkdtemp(join(home, unfinishedPrefix))
  await giveTo(user, building)
  const password = randomBytes(24).toString('base64url')
  const options = { ...user, cwd: building, env: postgresEnvironment }
  const at = ['-D', clusterArgument(building)]
  const flags = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  await run(binaries.initdb, [...at, ...flags, `--username=${postgresRole}`, '--auth=trust'], options)
  const setup = `ALTER ROLE ${postgresRole} PASSWORD '${password}'\nCREATE DATABASE ${postgresDatabase}\n`
  await run(binaries.postgres, ['--single', ...at, 'postgres'], options, setup)
  const rules = join(building, 'pg_hba.conf')
  await writeFile(rules, hostRules, { mode: 0o600 })
  await giveTo(user, rules)
  await rm(join(home, 'password'), { force: true })
  await writeFile(join(home, 'password'), `${password}\n`, { mode: 0o600, flush: true })
  await rename(building, directory)
  await syncDirectory(home)
  return { directory, password }
}

/** Programs of a killed start may still write where they were: what cannot be removed now is removed by a later start. */
async function removeLeftovers(home: string): Promise<void> {
  const leftovers = (await readdir(home)).filter((name) => name.startsWith(unfinishedPrefix))
  await Promise.allSettled(leftovers.map((name) => rm(join(home, name), { recursive: true, maxRetries: 3 })))
}

async function checkSpace(home: string): Promise<void> {
  const { bavail, bsize } = await statfs(home)
  const free = bavail * bsize
  if (free >= neededBytes) return
  throw new KirokuError({
    code: 'UNAVAILABLE',
    message: `The disk of ${home} is full: a new database needs ${neededBytes / 2 ** 20} MiB and ${Math.floor(free / 2 ** 20)} MiB are free; free some space, or choose another directory with --data`,
  })
}

async function giveTo(user: PostgresUser, path: string): Promise<void> {
  if (user.uid === undefined || user.gid === undefined) return
  await chown(path, user.uid, user.gid)
  await chmod(path, path.endsWith('.conf') ? 0o600 : 0o700)
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Runs a program to its end. Throws what it said last when it fails. */
async function run(program: string, args: string[], options: SpawnOptions, input = ''): Promise<void> {
  const child = spawn(program, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  const hear = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-8_000)
  }
  child.stdout?.on('data', hear)
  child.stderr?.on('data', hear)
  // A program that ended before it read its input is told by its exit code.
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  const status = await new Promise<string>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(String(code ?? signal)))
  })
  if (status !== '0' || /^.*(FATAL|PANIC|ERROR):/m.test(said)) throw explainPostgres(said, status)
}

/** What PostgreSQL said before it gave up, as one line that says what to do. */
export function explainPostgres(said: string, status: string): KirokuError {
  if (/No space left on device|Disk quota exceeded/.test(said)) {
    return new KirokuError({
      code: 'UNAVAILABLE',
      message: 'PostgreSQL cannot write: the disk is full; free some space, or choose another directory with --data',
      details: { said },
    })
  }
  const reason = said.match(/(?:FATAL|PANIC|ERROR|error):\s*(.+)/)?.[1] ?? said.trim().split('\n').at(-1) ?? ''
  return new KirokuError({
    code: 'UNAVAILABLE',
    message: `PostgreSQL did not start (${status}): ${reason || 'it said nothing'}`,
    details: { said },
  })
}
