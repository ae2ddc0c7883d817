import { accessSync, constants, mkdirSync } from 'node:fs'
import { totalmem } from 'node:os'
import { KirokuError } from '@kiroku/core/errors'
import { drainPending, Session } from 'chdb'
import type { UntrustedStatement } from './engine.ts'
import { firstLine, tooLarge } from './failures.ts'
import { quoted } from './literals.ts'
import { isLockedByOther, ownerOf } from './status-file.ts'

/**
 * Connections that read. Each query holds one of Node's four I/O threads while it runs, so this many and the one that
 * inserts leave a thread to the rest of the process.
 */
const readerCount = 2
const database = 'kiroku'
const queryTimeoutS = 60
const largestQueryBytes = 2 ** 33

/** ClickHouse runs one query of a connection at a time; the others wait here, where an abort still reaches them. */
type Connection = { session: Session; waiting: number; last: Promise<unknown> }

/** The engine in this process. Statements are complete SQL text; answers are bytes in the format asked for. */
export type Connections = {
  write(sql: string): Promise<void>
  /** Runs a statement on a connection that neither inserts nor reads. */
  upkeep(sql: string): Promise<void>
  /** An abort frees the caller at once and stops the query. */
  read(sql: string, format: string, signal: AbortSignal | undefined): Promise<Uint8Array>
  /** The same for text that is not ours, one at a time, each on a connection that is made for it. */
  untrusted(statement: UntrustedStatement): Promise<Uint8Array>
  /** Has `work` run statements while no other write does: those before it are done, those after it wait. */
  alone<T>(work: (ask: (sql: string, format: string) => Promise<Uint8Array>) => Promise<T>): Promise<T>
  /** Waits for what is under way, then frees the directory. */
  close(): Promise<void>
}

/** The only place that knows chdb. Throws `KirokuError` CONFLICT or UNAVAILABLE when the directory cannot be opened. */
export async function openConnections(directory: string): Promise<Connections> {
  const [writer, killer, keeper, ...readers] = openSessions(directory)
  if (writer === undefined || killer === undefined || keeper === undefined)
    throw new KirokuError({ code: 'INTERNAL', message: 'no connection was opened' })
  await writer.session.queryAsync(`CREATE DATABASE IF NOT EXISTS ${database}`)
  for (const connection of [writer, killer, keeper, ...readers]) await prepare(connection, connection === writer)
  let alone: Promise<unknown> = Promise.resolve()
  let closing: Promise<void> | undefined
  let queries = 0

  const renew = async (connection: Connection): Promise<void> => {
    connection.session.close()
    connection.session = new Session(directory)
    await prepare(connection, connection === writer)
  }

  const run = (connection: Connection, sql: string, format: string, signal?: AbortSignal): Promise<Uint8Array> => {
    if (closing) throw closed()
    connection.waiting++
    const start = async (): Promise<Uint8Array> => {
      if (signal?.aborted) throw givenUp()
      let isClean = false
      try {
        const bytes = (await connection.session.queryAsync(sql, { format })).bytes()
        isClean = signal?.aborted !== true
        return bytes
      } finally {
        // What a stopped query had written already would come as the answer of the connection's next query.
        if (!isClean) await renew(connection)
      }
    }
    const result = connection.last.then(start).finally(() => connection.waiting--)
    connection.last = result.catch(() => undefined)
    return result
  }
  const kill = (mark: string): void => {
    if (!closing) run(killer, `KILL QUERY WHERE startsWith(query, '${mark}') ASYNC`, 'Null').catch(() => undefined)
  }
  const runAlone = async ({ sql, format, settings, maxBytes, signal }: UntrustedStatement): Promise<Uint8Array> => {
    if (signal?.aborted) throw givenUp()
    const session = new Session(directory)
    try {
      await session.queryAsync(`USE ${database}`)
      const list = Object.entries(settings).map(([name, value]) => `${name} = ${asSetting(value)}`)
      await session.queryAsync(`SET ${list.join(', ')}`)
      const bytes = (await session.queryAsync(sql, { format })).bytes()
      if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes)
      return bytes
    } finally {
      session.close()
    }
  }
  const closeAll = async (): Promise<void> => {
    const connections = [writer, killer, keeper, ...readers]
    await Promise.all([alone, ...connections.map(({ last }) => last)])
    for (const { session } of connections) session.close()
    await drainPending()
  }
  return {
    async write(sql) {
      await run(writer, sql, 'Null')
    },
    async upkeep(sql) {
      await run(keeper, sql, 'Null')
    },
    read(sql, format, signal) {
      const mark = `/* kiroku ${queries++} */`
      const reader = readers.reduce(
        (best, other) => (other.waiting < best.waiting ? other : best),
        readers[0] ?? writer,
      )
      return untilAborted(run(reader, `${mark} ${sql}`, format, signal), signal, () => kill(mark))
    },
    untrusted(statement) {
      if (closing) throw closed()
      const work = alone.then(() => runAlone(statement))
      alone = work.catch(() => undefined)
      return untilAborted(work, statement.signal, () => kill(statement.mark))
    },
    alone(work) {
      if (closing) throw closed()
      const ask = async (sql: string, format: string): Promise<Uint8Array> =>
        (await writer.session.queryAsync(sql, { format })).bytes()
      const result = writer.last.then(() => work(ask))
      writer.last = result.catch(() => renew(writer)).catch(() => undefined)
      return result
    },
    close() {
      closing ??= closeAll()
      return closing
    },
  }
}

const closed = (): KirokuError => new KirokuError({ code: 'UNAVAILABLE', message: 'the metric store is closed' })

const givenUp = (): KirokuError => new KirokuError({ code: 'UNAVAILABLE', message: 'the query was given up' })

/** A map is a literal as it is. */
const asSetting = (value: string | number): string =>
  typeof value === 'number' || value.startsWith('{') ? String(value) : quoted(value)

function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined, abort: () => void): Promise<T> {
  if (signal === undefined) return work
  return new Promise((fulfil, reject) => {
    const stop = (): void => {
      reject(givenUp())
      abort()
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
    work.then(fulfil, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

function openSessions(directory: string): Connection[] {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    accessSync(directory, constants.W_OK)
  } catch (cause) {
    throw new KirokuError({ code: 'UNAVAILABLE', message: `ClickHouse cannot write in ${directory}`, cause })
  }
  if (isLockedByOther(directory)) throw inUse(directory)
  const connections: Connection[] = []
  try {
    for (let index = 0; index < readerCount + 3; index++)
      connections.push({ session: new Session(directory), waiting: 0, last: Promise.resolve() })
    return connections
  } catch (cause) {
    for (const { session } of connections) session.close()
    throw openFailure(directory, cause)
  }
}

function openFailure(directory: string, cause: unknown): KirokuError {
  if (ownerOf(directory) !== undefined) return inUse(directory, cause)
  const text = cause instanceof Error ? cause.message : String(cause)
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

const inUse = (directory: string, cause?: unknown): KirokuError =>
  new KirokuError({ code: 'CONFLICT', message: `${directory} is in use by another process`, cause })

async function prepare({ session }: Connection, isWriter: boolean): Promise<void> {
  const memory = Math.floor(Math.min(totalmem() / 2, largestQueryBytes))
  const limits = `max_query_size = 67108864, max_ast_elements = 1000000, max_memory_usage = ${memory}`
  await session.queryAsync(`USE ${database}`)
  await session.queryAsync(`SET ${limits}${isWriter ? '' : `, max_execution_time = ${queryTimeoutS}`}`)
}
