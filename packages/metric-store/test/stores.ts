import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { scheduler } from 'node:timers/promises'
import { openEmbeddedEngine } from '../src/engine/embedded-engine.ts'
import type { Engine } from '../src/engine/engine.ts'
import { openServerEngine } from '../src/engine/server-engine.ts'
import { type MetricStore, openMetricStore } from '../src/index.ts'

/** A store for tests, gone at scope exit with everything in it. */
export type TestStore = {
  store: MetricStore
  directory: string
  /** Another engine over the same tables, which the caller closes. */
  openEngine(): Promise<Engine>
  [Symbol.asyncDispose](): Promise<void>
}

/** The kinds of engine that every test of the store runs on. `server` needs Python, to start libchdb as a server. */
export const engines = [
  { kind: 'embedded', open: openEmbedded, isMissing: false },
  { kind: 'server', open: openServer, isMissing: spawnSync('python3', ['-c', 'import ctypes']).status !== 0 },
] as const

/** A directory that is gone at scope exit. */
export function temporaryDirectory(): { path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'kiroku-store-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

async function openEmbedded(): Promise<TestStore> {
  const directory = temporaryDirectory()
  const store = await openMetricStore({ kind: 'embedded', path: directory.path })
  return {
    store,
    directory: directory.path,
    openEngine: () => openEmbeddedEngine(directory.path),
    async [Symbol.asyncDispose]() {
      await store.close()
      directory[Symbol.dispose]()
    },
  }
}

async function openServer(): Promise<TestStore> {
  const server = await startClickhouse()
  const store = await openMetricStore({ kind: 'server', url: server.url, rollupLagMs: 0 })
  return {
    store,
    directory: server.directory,
    openEngine: () => openServerEngine(server.url),
    async [Symbol.asyncDispose]() {
      await store.close()
      await server[Symbol.asyncDispose]()
    },
  }
}

const launcher = `
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
words = [word.encode() for word in ["clickhouse", *sys.argv[2:]]]
library.chdb_query_cmdline(len(words), (ctypes.c_char_p * len(words))(*words))
`

/** A real ClickHouse server over HTTP: libchdb holds one, which listens when it is told to. */
export async function startClickhouse(): Promise<{
  url: string
  directory: string
  [Symbol.asyncDispose](): Promise<void>
}> {
  const directory = temporaryDirectory()
  const [http, tcp] = await Promise.all([freePort(), freePort()])
  const config = join(directory.path, 'config.xml')
  writeFileSync(config, `<clickhouse><http_port>${http}</http_port></clickhouse>`)
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
    'SYSTEM START LISTEN HTTP; SELECT sleepEachRow(3) FROM system.numbers SETTINGS max_block_size=1 FORMAT Null',
  ])
  const url = `http://127.0.0.1:${http}`
  await untilAnswers(url, child)
  return {
    url,
    directory: directory.path,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit')
      directory[Symbol.dispose]()
    },
  }
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
