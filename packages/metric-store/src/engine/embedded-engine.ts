import { createHash } from 'node:crypto'
import { accessSync, constants, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import { drainPending, Session } from 'chdb'
import * as z from 'zod'
import type { Engine, InsertStatement, Statement } from './engine.ts'
import { clickhouseCodeOf, engineFailure, firstLine } from './failures.ts'
import { withLiterals } from './literals.ts'
import { decodeNative } from './native-format.ts'

/**
 * Connections that read. Each query holds one of Node's four I/O threads while it runs, so this many and the one that
 * inserts leave a thread to the rest of the process.
 */
const readerCount = 2
const database = 'kiroku'
const sharedMemory = '/dev/shm'
const queryTimeoutS = 60

const jsonLinesSchema = z
  .string()
  .transform((text) => text.split('\n').flatMap((line) => (line ? [JSON.parse(line)] : [])))

/** Queries wait their turn for one connection, which runs one at a time. */
type Lane = { session: Session; queued: number; last: Promise<unknown> }

/**
 * ClickHouse in this process, over a directory that it alone owns. Throws `KirokuError` CONFLICT when another process, or
 * this one, has a directory open already, and UNAVAILABLE when the directory cannot be used.
 */
export async function openEmbeddedEngine(path: string): Promise<Engine> {
  const directory = resolve(path)
  const lanes = openLanes(directory)
  const [writer, ...readers] = lanes
  if (writer === undefined) throw new KirokuError({ code: 'INTERNAL', message: 'no connection was opened' })
  const spool = new Spool(directory)
  spool.clean()
  let isClosed = false

  const run = (lane: Lane, sql: string, format: string): Promise<Uint8Array> => {
    if (isClosed) throw new KirokuError({ code: 'UNAVAILABLE', message: 'the metric store is closed' })
    lane.queued++
    const start = (): Promise<Uint8Array> => lane.session.queryAsync(sql, { format }).then((result) => result.bytes())
    const result = lane.last.then(start, start).finally(() => lane.queued--)
    lane.last = result.catch(() => undefined)
    return result
  }
  const read = async (statement: Statement, format: string): Promise<Uint8Array> => {
    const sql = withLiterals(statement.sql, statement.parameters ?? {})
    const lane = readers.reduce((best, other) => (other.queued < best.queued ? other : best), readers[0] ?? writer)
    try {
      return await untilAborted(run(lane, sql, format), statement.signal)
    } catch (cause) {
      throw engineFailure('query', cause)
    }
  }

  await prepare(lanes)
  return {
    async command(statement) {
      try {
        await run(writer, withLiterals(statement.sql, statement.parameters ?? {}), 'Null')
      } catch (cause) {
        throw engineFailure('statement', cause)
      }
    },
    async query({ row, ...statement }) {
      const bytes = await read(statement, 'JSONEachRow')
      return z.array(row).parse(jsonLinesSchema.parse(new TextDecoder().decode(bytes)))
    },
    async columns(statement) {
      return decodeNative(await read(statement, 'Native'))
    },
    async insert(insert) {
      const file = await spool.write(insert.chunks)
      try {
        await run(writer, insertFromFile(insert, file), 'Null')
      } catch (cause) {
        throw engineFailure('insert', cause)
      } finally {
        await rm(file, { force: true })
      }
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await Promise.all(lanes.map((lane) => lane.last))
      for (const { session } of lanes) session.close()
      await drainPending()
      spool.clean()
    },
  }
}

function openLanes(directory: string): Lane[] {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    accessSync(directory, constants.W_OK)
  } catch (cause) {
    throw new KirokuError({ code: 'UNAVAILABLE', message: `ClickHouse cannot write in ${directory}`, cause })
  }
  const lanes: Lane[] = []
  try {
    for (let index = 0; index <= readerCount; index++)
      lanes.push({ session: new Session(directory), queued: 0, last: Promise.resolve() })
    return lanes
  } catch (cause) {
    for (const { session } of lanes) session.close()
    throw openFailure(directory, cause)
  }
}

function openFailure(directory: string, cause: unknown): KirokuError {
  const text = cause instanceof Error ? cause.message : String(cause)
  if (clickhouseCodeOf(text, cause) === 76 || /Cannot lock file/.test(text))
    return new KirokuError({ code: 'CONFLICT', message: `${directory} is in use by another process`, cause })
  if (/one active data directory|Cannot open a session/i.test(text))
    return new KirokuError({
      code: 'CONFLICT',
      message: `${directory} cannot be opened: this process has another ClickHouse directory open`,
      cause,
    })
  return new KirokuError({
    code: 'UNAVAILABLE',
    message: `ClickHouse cannot open ${directory}: ${firstLine(text)}`,
    cause,
  })
}

async function prepare(lanes: readonly Lane[]): Promise<void> {
  const memory = Math.floor(Math.min(totalmem() / 2, 8 * 2 ** 30))
  const [writer] = lanes
  await writer?.session.queryAsync(`CREATE DATABASE IF NOT EXISTS ${database}`)
  for (const lane of lanes) {
    await lane.session.queryAsync(`USE ${database}`)
    await lane.session.queryAsync(
      `SET max_query_size = 67108864, max_ast_elements = 1000000, max_memory_usage = ${memory}`,
    )
    if (lane !== writer) await lane.session.queryAsync(`SET max_execution_time = ${queryTimeoutS}`)
  }
}

function insertFromFile({ into, select, structure, rest = '' }: InsertStatement, file: string): string {
  return withLiterals(
    `INSERT INTO ${into} SELECT ${select} FROM file({file:String}, 'Native', {structure:String}) ${rest}
     SETTINGS max_insert_threads = 1, max_execution_time = 0`,
    { file, structure },
  )
}

/** Frees the caller on abort; the engine itself goes on until `max_execution_time`. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((fulfil, reject) => {
    const stop = (): void => reject(new KirokuError({ code: 'UNAVAILABLE', message: 'the query was given up' }))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(fulfil, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/** The files that carry inserted rows to the engine: in shared memory when there is room, in the store's own `tmp` otherwise. */
class Spool {
  private readonly prefix: string
  private readonly fallback: string
  private next = 0

  constructor(directory: string) {
    this.prefix = `kiroku-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}-`
    this.fallback = join(directory, 'tmp')
  }

  /** Removes what a killed process left. The caller owns the directory, so nobody else has such files. */
  clean(): void {
    for (const folder of [sharedMemory, this.fallback]) {
      for (const name of listed(folder)) {
        if (name.startsWith(this.prefix)) rmSync(join(folder, name), { force: true })
      }
    }
  }

  async write(chunks: readonly Uint8Array[]): Promise<string> {
    const name = `${this.prefix}${process.pid}-${this.next++}.native`
    try {
      return await writeAll(join(sharedMemory, name), chunks)
    } catch {
      mkdirSync(this.fallback, { recursive: true })
      return await writeAll(join(this.fallback, name), chunks).catch((cause: unknown) => {
        throw new KirokuError({
          code: 'UNAVAILABLE',
          message: `cannot write in ${this.fallback}: is the disk full?`,
          cause,
        })
      })
    }
  }
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

async function writeAll(file: string, chunks: readonly Uint8Array[]): Promise<string> {
  const handle = await open(file, 'wx', 0o600)
  try {
    for (let from = 0; from < chunks.length; from += 512) {
      const slice = chunks.slice(from, from + 512)
      const bytes = slice.reduce((sum, chunk) => sum + chunk.byteLength, 0)
      const { bytesWritten } = await handle.writev(slice)
      if (bytesWritten !== bytes) throw new Error(`${bytesWritten} of ${bytes} bytes were written`)
    }
    return file
  } catch (cause) {
    await rm(file, { force: true })
    throw cause
  } finally {
    await handle.close()
  }
}
