import { randomInt } from 'node:crypto'
import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import timers from 'node:timers/promises'
import { KirokuError } from '@kiroku/core/errors'
import { systemCode } from './file-errors.ts'
import { processSpace, processStart } from './processes.ts'

/** Name of the directory, below the data directory, that holds the claims. */
export const lockDirectoryName = 'lock'

const defaultHeartbeatMs = 2_000
const missedHeartbeats = 5
const attempts = 3

export type DirectoryLock = { release(): Promise<void> }

type Claim = { file: string; pid: number; start: string; space: string }

/**
 * Takes the data directory for this process, and for one server in it. Throws `KirokuError` CONFLICT while another
 * holds it. A holder that died, by `kill -9` or with its machine, holds nothing.
 *
 * Each contender first writes a claim whose name tells its process id and start, and then looks for other claims of
 * live processes: of two contenders at least one sees the other, and a dead process' claim can be removed by anyone,
 * because its name never means another process. A claim from another container or machine, whose processes cannot be
 * looked at, is alive while it is touched every `heartbeatMs`.
 */
export async function lockDirectory(dataDir: string, heartbeatMs = defaultHeartbeatMs): Promise<DirectoryLock> {
  const directory = join(dataDir, lockDirectoryName)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  for (let attempt = 1; ; attempt++) {
    const own = await writeClaim(directory)
    const rival = await findRival(directory, own, missedHeartbeats * heartbeatMs)
    if (rival === undefined) return holdClaim(directory, own, heartbeatMs)
    await rm(join(directory, own), { force: true })
    const isForeign = rival.space !== processSpace()
    if (attempt >= (isForeign ? missedHeartbeats + 2 : attempts)) throw inUse(dataDir, rival)
    await timers.setTimeout(isForeign ? heartbeatMs : randomInt(20, 200))
  }
}

/** Who holds the data directory, in words; undefined when nobody does. Changes nothing. */
export async function findHolder(dataDir: string): Promise<string | undefined> {
  const directory = join(dataDir, lockDirectoryName)
  for (const file of await readdirIfThere(directory)) {
    const claim = parseClaim(file)
    if (claim !== undefined && (await isAlive(directory, claim, missedHeartbeats * defaultHeartbeatMs)))
      return nameOf(claim)
  }
  return undefined
}

async function readdirIfThere(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

function nameOf(claim: Claim): string {
  const isForeign = claim.space !== processSpace()
  return isForeign ? 'a Kiroku server of another container or machine' : `a Kiroku server (process ${claim.pid})`
}

function inUse(dataDir: string, rival: Claim): KirokuError {
  return new KirokuError({
    code: 'CONFLICT',
    message: `The data directory ${dataDir} is in use by ${nameOf(rival)}; stop it, or choose another with --data`,
    details: { pid: rival.pid },
  })
}

async function writeClaim(directory: string): Promise<string> {
  const start = processStart(process.pid) ?? 'unknown'
  const name = [process.pid, start, processSpace(), randomInt(2 ** 47).toString(36)].join('-')
  await writeFile(join(directory, name), '', { flag: 'wx', mode: 0o600 })
  return name
}

async function findRival(directory: string, own: string, lifeMs: number): Promise<Claim | undefined> {
  for (const file of await readdir(directory)) {
    if (file === own) continue
    const claim = parseClaim(file)
    if (claim === undefined) continue
    if (await isAlive(directory, claim, lifeMs)) return claim
    await rm(join(directory, file), { force: true })
  }
  return undefined
}

function parseClaim(file: string): Claim | undefined {
  const [pid, start, space, nonce] = file.split('-')
  if (start === undefined || space === undefined || nonce === undefined) return undefined
  return { file, pid: Number(pid), start, space }
}

async function isAlive(directory: string, claim: Claim, lifeMs: number): Promise<boolean> {
  if (claim.space === processSpace()) return processStart(claim.pid) === claim.start
  try {
    return Date.now() - (await stat(join(directory, claim.file))).mtimeMs < lifeMs
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}

function holdClaim(directory: string, own: string, heartbeatMs: number): DirectoryLock {
  const path = join(directory, own)
  const touch = (): void => {
    const now = new Date()
    // A full or vanished disk must not end the server here; its databases notice by themselves.
    utimes(path, now, now).catch(() => {})
  }
  const heartbeat = setInterval(touch, heartbeatMs)
  heartbeat.unref()
  return {
    async release() {
      clearInterval(heartbeat)
      await rm(path, { force: true })
    },
  }
}
