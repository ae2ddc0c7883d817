import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { scheduler } from 'node:timers/promises'

/** Whether there is Python, which starts libchdb as a server. */
export const canStartClickhouse = (): boolean => spawnSync('python3', ['-c', 'import ctypes']).status === 0

/** A directory that is gone at scope exit. */
export function temporaryDirectory(): { path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'kiroku-store-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

const launcher = `
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
words = [word.encode() for word in ["clickhouse", *sys.argv[2:]]]
library.chdb_query_cmdline(len(words), (ctypes.c_char_p * len(words))(*words))
`

/** A ClickHouse server that listens, whose process a test may kill and start again over the same data. */
export type TestClickhouse = {
  url: string
  directory: string
  kill(): Promise<void>
  restart(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

type Ports = { http: number; tcp: number }

const freePorts = async (): Promise<Ports> => ({ http: await freePort(), tcp: await freePort() })

/** A real ClickHouse server: libchdb holds one, which listens when it is told to. */
export async function startClickhouse(given?: { ports: Ports; config: string }): Promise<TestClickhouse> {
  if (!canStartClickhouse()) throw new Error('There is no Python, which starts libchdb as a server: install python3')
  const directory = temporaryDirectory()
  const { http, tcp } = given?.ports ?? (await freePorts())
  const config = join(directory.path, 'config.xml')
  writeFileSync(
    config,
    `<clickhouse><http_port>${http}</http_port><tcp_port>${tcp}</tcp_port>${given?.config ?? ''}</clickhouse>`,
  )
  const url = `http://127.0.0.1:${http}`
  const run = async (): Promise<ChildProcess> => {
    const listen = ['HTTP', 'TCP'].map((protocol) => `SYSTEM START LISTEN ${protocol};`).join(' ')
    const child = spawn('python3', [
      '-c',
      launcher,
      libraryPath(),
      `--path=${join(directory.path, 'data')}`,
      `--http_port=${http}`,
      `--tcp_port=${tcp}`,
      '--listen_host=127.0.0.1',
      `--config-file=${config}`,
      '--function_sleep_max_microseconds_per_block=0',
      '--query',
      `${listen} SELECT sleepEachRow(3) FROM system.numbers SETTINGS max_block_size=1 FORMAT Null`,
    ])
    await untilAnswers(url, child)
    return child
  }
  let child = await run()
  const kill = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await once(child, 'exit')
  }
  return {
    url,
    directory: directory.path,
    kill,
    async restart() {
      await kill()
      child = await run()
    },
    async [Symbol.asyncDispose]() {
      await kill()
      directory[Symbol.dispose]()
    },
  }
}

/** The name of the cluster that `startCluster` starts. */
export const clusterName = 'two'

/** A real cluster of two shards without Keeper: two servers that know each other by `remote_servers`. */
export async function startCluster(): Promise<{ shards: TestClickhouse[]; [Symbol.asyncDispose](): Promise<void> }> {
  const { servers, ...rest } = await startServers((replicas) =>
    replicas.map((each) => `<shard>${each}</shard>`).join(''),
  )
  return { shards: servers, ...rest }
}

/**
 * A cluster of one shard with two replicas, by the same name. They share no rows: libchdb has no port at which replicas hand
 * each other parts, and no Keeper.
 */
export async function startReplicas(): Promise<{ replicas: TestClickhouse[]; [Symbol.asyncDispose](): Promise<void> }> {
  const { servers, ...rest } = await startServers(
    (replicas) => `<shard><internal_replication>true</internal_replication>${replicas.join('')}</shard>`,
  )
  return { replicas: servers, ...rest }
}

async function startServers(
  arrange: (replicas: string[]) => string,
): Promise<{ servers: TestClickhouse[]; [Symbol.asyncDispose](): Promise<void> }> {
  const ports = [await freePorts(), await freePorts()]
  const replicas = ports.map(({ tcp }) => `<replica><host>127.0.0.1</host><port>${tcp}</port></replica>`)
  const config = `<remote_servers><${clusterName}>${arrange(replicas)}</${clusterName}></remote_servers>`
  const started = await Promise.allSettled(ports.map((own) => startClickhouse({ ports: own, config })))
  const servers = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))
  }
  const failure = started.find((each) => each.status === 'rejected')
  if (failure) {
    await stop()
    throw failure.reason
  }
  return { servers, [Symbol.asyncDispose]: stop }
}

function libraryPath(): string {
  const fromChdb = createRequire(createRequire(import.meta.url).resolve('chdb/package.json'))
  return join(dirname(fromChdb.resolve(`@chdb/lib-${process.platform}-${process.arch}-gnu/package.json`)), 'libchdb.so')
}

async function untilAnswers(url: string, child: ChildProcess): Promise<void> {
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said += String(chunk)
  })
  const deadline = Date.now() + 30_000
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`ClickHouse ended: ${said}`)
    const answer = await fetch(`${url}/ping`).catch(() => undefined)
    if (answer?.ok) return
    await scheduler.wait(50)
  }
  throw new Error(`ClickHouse did not listen: ${said}`)
}

/**
 * A port that nobody listens on, for a program that is told its own. It is below those that the kernel gives to connections: one of the many that
 * tests make could have taken it before the program listens.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = randomInt(10_000, 32_000)
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch (error) {
      if (attempt === 100) throw error
      continue
    }
    server.close()
    await once(server, 'close')
    return port
  }
}
