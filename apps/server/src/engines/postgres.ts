import { type ChildProcess, spawn } from 'node:child_process'
import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import timers from 'node:timers/promises'
import { KirokuError } from '@kiroku/core/errors'
import { boundCommand } from './bound-command.ts'
import { systemCode } from './file-errors.ts'
import { findPostgresBinaries } from './postgres-binaries.ts'
import {
  clusterArgument,
  explainPostgres,
  type PostgresCluster,
  postgresDatabase,
  postgresEnvironment,
  postgresRole,
  prepareCluster,
} from './postgres-cluster.ts'
import { findPostgresUser, type PostgresUser } from './postgres-user.ts'
import { isPostgresIn } from './processes.ts'

export type EmbeddedPostgres = { databaseUrl: string; close(): Promise<void> }

const startAttempts = 20
const startTimeoutMs = 120_000
const stopTimeoutMs = 60_000
const quitTimeoutMs = 5_000
const pollMs = 10
const firstRestartMs = 1000
const lastRestartMs = 30_000
const maxLogBytes = 10 * 1024 * 1024

/** Durable before all else; small, because it shares a machine with a training; reachable on the loopback only. */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '64',
  shared_buffers: '32MB',
  max_wal_size: '256MB',
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  password_encryption: 'scram-sha-256',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] ',
}

/**
 * Starts PostgreSQL over `home` (`cluster/`, `password`, `postgres.log`), which the caller has locked. A PostgreSQL that
 * outlived a killed server is stopped first. It listens on a free loopback port with a random password. One that ends is started
 * again until it stays; `onTrouble` is told each time that this fails. Throws one-line `KirokuError`s.
 */
export async function startPostgres(
  home: string,
  onTrouble: (message: string) => void = () => {},
): Promise<EmbeddedPostgres> {
  const user = findPostgresUser()
  const binaries = await findPostgresBinaries(user)
  await stopOrphan(join(home, 'cluster'))
  const cluster = await prepareCluster(home, binaries, user)
  const start = (port?: number): Promise<Running> => launch(binaries.postgres, home, cluster, user, port)
  let running = await start()
  const closing = new AbortController()
  let restart: Promise<void> = Promise.resolve()
  const { port } = running
  // PostgreSQL killed from outside (memory ran out) comes back at the same address; clients connect again by themselves.
  const watch = (): void => {
    running.child.once('exit', () => {
      if (!closing.signal.aborted) restart = startAgain()
    })
  }
  /** What is in its way, as a full disk, may go away while the server lives. */
  const startAgain = async (): Promise<void> => {
    for (let waitMs = firstRestartMs; !closing.signal.aborted; waitMs = Math.min(2 * waitMs, lastRestartMs)) {
      try {
        running = await start(port)
        watch()
        return
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        onTrouble(`PostgreSQL ended and does not start again; the next try is in ${waitMs / 1000} s: ${why}`)
        await timers.setTimeout(waitMs, undefined, { signal: closing.signal }).catch(() => {})
      }
    }
  }
  watch()
  const stopWithUs = (): void => {
    running.child.kill('SIGINT')
  }
  process.once('exit', stopWithUs)
  return {
    databaseUrl: `postgresql://${postgresRole}:${cluster.password}@127.0.0.1:${port}/${postgresDatabase}`,
    async close() {
      closing.abort()
      await restart
      await stop(running.child)
      process.removeListener('exit', stopWithUs)
    },
  }
}

type Running = { child: ChildProcess; port: number }

async function launch(
  program: string,
  home: string,
  cluster: PostgresCluster,
  user: PostgresUser,
  givenPort?: number,
): Promise<Running> {
  for (let attempt = 1; ; attempt++) {
    const port = givenPort ?? (await freePort())
    const log = await openLog(join(home, 'postgres.log'))
    const args = ['-D', clusterArgument(cluster.directory), '-p', String(port)]
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    // Its own session: a Ctrl-C in the terminal must reach it through close() only, after the last write.
    const command = boundCommand(program, user)
    const child = spawn(command.file, [...command.args, ...args, ...flags], {
      ...command.user,
      cwd: cluster.directory,
      env: postgresEnvironment,
      stdio: ['ignore', log.handle.fd, log.handle.fd],
      detached: true,
    })
    child.unref()
    try {
      await untilReady(child, cluster.directory)
      return { child, port }
    } catch (error) {
      if (error instanceof KirokuError) throw error
      const said = await readFrom(log.path, log.start)
      // Another program took the port meanwhile, or processes of a killed PostgreSQL are not all gone yet.
      const isPassing =
        /could not bind|could not create any TCP|pre-existing shared memory|is the system shutting down/.test(said)
      if (!isPassing || attempt >= startAttempts) throw explainPostgres(said, String(error))
      await timers.setTimeout(100)
    } finally {
      await log.handle.close()
    }
  }
}

/** Resolves when PostgreSQL has written that it is ready; rejects with how it ended when it ends before. */
async function untilReady(child: ChildProcess, directory: string): Promise<void> {
  let ended: string | undefined
  child.once('error', (error) => {
    ended = error.message
  })
  child.once('exit', (code, signal) => {
    ended = `exit ${code ?? signal}`
  })
  const deadline = Date.now() + startTimeoutMs
  while (Date.now() < deadline) {
    if (ended !== undefined) throw ended
    const file = await readPidFile(directory)
    if (file?.pid === child.pid && file?.status === 'ready') return
    await timers.setTimeout(pollMs)
  }
  await stop(child)
  throw new KirokuError({
    code: 'UNAVAILABLE',
    message: `PostgreSQL was not ready after ${startTimeoutMs / 1000} s; its log is beside its data in ${directory}`,
  })
}

async function readPidFile(directory: string): Promise<{ pid: number; status: string } | undefined> {
  try {
    const lines = (await readFile(join(directory, 'postmaster.pid'), 'utf8')).split('\n')
    return { pid: Math.abs(Number(lines[0])), status: lines[7]?.trim() ?? '' }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Stops what a killed server left running, and clears the note of one whose process id is now somebody else's. */
async function stopOrphan(directory: string): Promise<void> {
  const file = await readPidFile(directory)
  if (file === undefined) return
  const { pid } = file
  for (const [signal, timeoutMs] of shutdownSteps) {
    if (!isPostgresIn(pid, directory)) break
    process.kill(pid, signal)
    const deadline = Date.now() + timeoutMs
    while (Date.now() < deadline && isPostgresIn(pid, directory)) await timers.setTimeout(pollMs)
  }
  await rm(join(directory, 'postmaster.pid'), { force: true })
}

/** A clean shutdown first; then without one (the next start replays the log); then by force. */
const shutdownSteps = [
  ['SIGINT', stopTimeoutMs],
  ['SIGQUIT', quitTimeoutMs],
  ['SIGKILL', quitTimeoutMs],
] as const

async function stop(child: ChildProcess): Promise<void> {
  for (const [signal, timeoutMs] of shutdownSteps) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
    const controller = new AbortController()
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill(signal)
    await Promise.race([exited, timers.setTimeout(timeoutMs, undefined, { signal: controller.signal }).catch(() => {})])
    controller.abort()
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port')
  return address.port
}

async function openLog(
  path: string,
): Promise<{ path: string; start: number; handle: Awaited<ReturnType<typeof open>> }> {
  const size = await sizeOf(path)
  if (size > maxLogBytes) await rename(path, `${path}.1`)
  return { path, start: size > maxLogBytes ? 0 : size, handle: await open(path, 'a', 0o600) }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0
    throw error
  }
}

async function readFrom(path: string, start: number): Promise<string> {
  return (await readFile(path)).subarray(start).toString()
}
