import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { scheduler } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isPostgresIn } from '../engines/processes.ts'
import type { IngestStep } from '../features/history/index.ts'
import {
  armedMessageSchema,
  erasedMessageSchema,
  insertedMessageSchema,
  memoryMessageSchema,
  type ReadyMessage,
  readyMessageSchema,
  type ServerArguments,
  type ServerMemory,
} from './server-arguments.ts'
import { beginFromTemplate } from './template.ts'

const entryFile = fileURLToPath(new URL('../../dist/bundle/server-process.js', import.meta.url))

export type SpawnOptions = Partial<ServerArguments>

/** A server in a process of its own, that a test may kill and start again on the same directory and port. */
export type SpawnedServer = ReadyMessage &
  AsyncDisposable & {
    pid(): number
    /** `kill -9`; resolves when the process is gone. */
    kill(): Promise<void>
    /** Stops it as Ctrl-C would; resolves with the exit code. */
    stop(): Promise<number | null>
    /** Starts it again on the same data directory and port, with other options if given. */
    restart(options?: Pick<SpawnOptions, 'holdAfterInsert' | 'holdAfterErase' | 'crashAfterMs'>): Promise<void>
    /** Resolves when a process with `holdAfterInsert` has stored points and holds before it acknowledges them. */
    inserted(): Promise<void>
    /** Resolves when a process with `holdAfterErase` has taken something that is purged out of ClickHouse, and holds. */
    erased(): Promise<void>
    /** Has the process end itself by SIGKILL when a batch next reaches a step; resolves when it knows. */
    killAt(step: IngestStep): Promise<void>
    /** What memory the process has now. Rejects when it ends before it answers. */
    memory(): Promise<ServerMemory>
    /** Resolves when the process is gone, however it ended. */
    gone(): Promise<void>
  }

type Running = {
  child: ChildProcessByStdio<Writable, Readable, null>
  ready: ReadyMessage
  inserted: Promise<void>
  erased: Promise<void>
  armed: Promise<void>
  gone: Promise<void>
  /** Who asked for the memory, in the order of their questions. */
  asking: { tell(memory: ServerMemory): void; fail(error: Error): void }[]
}

/**
 * Starts a real server in a child process, over embedded engines in a temporary directory that goes with it. Throws with
 * the exit code when it does not start.
 */
export async function spawnServer(options: SpawnOptions = {}): Promise<SpawnedServer> {
  const directory = await mkdtemp(join(tmpdir(), 'kiroku-test-'))
  const given = { dataDir: join(directory, 'data'), port: 0, ...options }
  if (given.databaseUrl === undefined) await beginFromTemplate(given.dataDir)
  let running = await run(given)
  const { ready } = running
  const port = Number(new URL(ready.url).port)

  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    const { child } = running
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit')
      child.kill(signal)
      await exit
    }
    return child.exitCode
  }

  return {
    ...ready,
    pid: () => running.child.pid ?? 0,
    inserted: () => running.inserted,
    erased: () => running.erased,
    gone: () => running.gone,
    async killAt(step) {
      running.child.stdin.write(`${JSON.stringify({ killAt: step })}\n`)
      await running.armed
    },
    memory() {
      const { child, asking } = running
      return new Promise((tell, fail) => {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error('the server is not running')
        asking.push({ tell, fail })
        child.stdin.write('{"memory":true}\n')
      })
    },
    async kill() {
      await end('SIGKILL')
    },
    stop: () => end('SIGTERM'),
    async restart(changes = {}) {
      await end('SIGTERM')
      running = await run({ ...given, holdAfterInsert: false, holdAfterErase: false, ...changes, port })
    },
    async [Symbol.asyncDispose]() {
      const wasKilled = running.child.signalCode === 'SIGKILL'
      await end('SIGTERM')
      // Where PostgreSQL outlives a kill, a start and a stop in order end it.
      if (wasKilled && !(await isPostgresGone(given.dataDir))) {
        running = await run({ ...given, holdAfterInsert: false, holdAfterErase: false, port })
        await end('SIGTERM')
      }
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const longestEndMs = 5000

/** Waits for the PostgreSQL of a killed server to end with it, as it does where the kernel binds it; false where it lives on. */
async function isPostgresGone(dataDir: string): Promise<boolean> {
  const cluster = join(dataDir, 'postgres', 'cluster')
  const pid = await readFile(join(cluster, 'postmaster.pid'), 'utf8').then(Number.parseInt, () => undefined)
  if (pid === undefined) return true
  for (const deadline = Date.now() + longestEndMs; Date.now() < deadline; await scheduler.wait(20))
    if (!isPostgresIn(pid, cluster)) return true
  return false
}

async function run(given: ServerArguments): Promise<Running> {
  const child = spawn(process.execPath, [entryFile, JSON.stringify(given)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const asking: Running['asking'] = []
  // Whoever writes to a process that ends meanwhile learns it from its end.
  child.stdin.on('error', () => {})
  const gone = once(child, 'exit').then(() => {
    for (const { fail } of asking) fail(new Error('the server ended'))
  })
  let tellInserted = (): void => {}
  const inserted = new Promise<void>((resolve) => {
    tellInserted = resolve
  })
  let tellErased = (): void => {}
  const erased = new Promise<void>((resolve) => {
    tellErased = resolve
  })
  let tellArmed = (): void => {}
  const armed = new Promise<void>((resolve) => {
    tellArmed = resolve
  })
  const ready = await new Promise<ReadyMessage>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`the server ended at its start: ${code ?? signal}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      // Next.js says on standard output how long its configuration took.
      if (!line.startsWith('{')) return
      const message: unknown = JSON.parse(line)
      const started = readyMessageSchema.safeParse(message)
      if (started.success) resolve(started.data)
      else if (insertedMessageSchema.safeParse(message).success) tellInserted()
      else if (erasedMessageSchema.safeParse(message).success) tellErased()
      else if (armedMessageSchema.safeParse(message).success) tellArmed()
      else asking.shift()?.tell(memoryMessageSchema.parse(message).memory)
    })
  })
  return { child, ready, inserted, erased, armed, gone, asking }
}
