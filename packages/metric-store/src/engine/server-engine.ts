import { Readable } from 'node:stream'
import { ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client'
import { KirokuError } from '@kiroku/core/errors'
import { askWithTables } from './carried-tables.ts'
import type { Engine, Parameters, ParameterValue, Statement } from './engine.ts'
import { engineFailure, firstLine, tooLarge } from './failures.ts'
import { parseJsonLines } from './json-lines.ts'
import { withLiterals } from './literals.ts'
import { decodeNative } from './native-format.ts'

const defaultDatabase = 'kiroku'
const requestTimeoutMs = 120_000
const largestBoundLength = 16_384

/** A server, which a cluster has gather rows, too. */
export type ServerEngine = Engine & {
  /** Rows as the bytes of Native format. Throws TOO_LARGE for more than `maxBytes`, before they are sent. */
  native(statement: Statement & { maxBytes: number; maxSeconds: number }): Promise<Uint8Array<ArrayBuffer>>
}

/**
 * A ClickHouse server over HTTP. The database is the path of the URL, or `kiroku`; it is created when it is not there.
 * `settings` are for all statements. Throws `KirokuError` UNAVAILABLE when the server cannot be reached or refuses.
 */
export async function openServerEngine(address: string, settings: ClickHouseSettings = {}): Promise<ServerEngine> {
  const { url, database } = parseAddress(address)
  await createDatabase(url, database)
  const client = createClient({
    url,
    database,
    application: 'kiroku',
    request_timeout: requestTimeoutMs,
    use_multipart_params_auto: true,
    log: { level: ClickHouseLogLevel.OFF },
    clickhouse_settings: { wait_end_of_query: 1, max_query_size: '67108864', async_insert: 0, ...settings },
  })

  const run = async (
    statement: Statement,
    clause: string,
    limits: ClickHouseSettings,
  ): Promise<Buffer<ArrayBuffer>> => {
    try {
      const { stream } = await client.exec({
        ...sent(statement, clause),
        abort_signal: statement.signal,
        clickhouse_settings: limits,
      })
      return await collect(stream)
    } catch (cause) {
      if (statement.signal?.aborted) throw new KirokuError({ code: 'UNAVAILABLE', message: 'the query was given up' })
      throw engineFailure('query', cause)
    }
  }
  /** A server stops a query whose caller has gone only when the query may not write. */
  const readLimits = { max_execution_time: 60, readonly: '2', cancel_http_readonly_queries_on_client_close: 1 } as const
  /** Nothing of an answer is kept on the server's disk, so a failure may come as its last line. */
  const streamed = {
    wait_end_of_query: 0,
    http_write_exception_in_output_format: 1,
    cancel_http_readonly_queries_on_client_close: 1,
  } as const
  const engine: ServerEngine = {
    async command(statement) {
      await run(statement, '', {})
    },
    async upkeep(statement) {
      await run(statement, '', {})
    },
    async query({ row, ...statement }) {
      const bytes = await run(statement, 'FORMAT JSONEachRow', readLimits)
      return parseJsonLines(row, bytes)
    },
    async untrusted({ sql, format, settings, maxBytes, signal, tables = [] }) {
      const allSettings = { ...settings, ...streamed, default_format: format }
      try {
        if (tables.length > 0)
          return await collect(
            await askWithTables({ url, database, sql, settings: allSettings, tables, signal }),
            maxBytes,
          )
        const { stream } = await client.exec({
          query: sql,
          abort_signal: signal,
          clickhouse_settings: allSettings,
        })
        return await collect(stream, maxBytes)
      } catch (cause) {
        if (signal?.aborted) throw new KirokuError({ code: 'UNAVAILABLE', message: 'the query was given up', cause })
        throw cause
      }
    },
    gather: null,
    native: ({ maxBytes, maxSeconds, ...statement }) =>
      run(statement, 'FORMAT Native', {
        ...readLimits,
        max_execution_time: maxSeconds,
        max_result_bytes: String(maxBytes),
        result_overflow_mode: 'throw',
      }),
    async columns(statement) {
      return decodeNative(await run(statement, 'FORMAT Native', readLimits))
    },
    async insert({ into, select, structure, rest = '', chunks }) {
      try {
        const { stream } = await client.exec({
          query: `INSERT INTO ${into} SELECT ${select} FROM input('${structure}') ${rest} FORMAT Native`,
          values: Readable.from(chunks, { objectMode: false }),
          clickhouse_settings: { max_insert_threads: '1' },
        })
        await collect(stream)
      } catch (cause) {
        throw engineFailure('insert', cause)
      }
    },
    spread: (table) => table,
    leavingOut: () => engine,
    isBehind: async () => false,
    async freeze() {
      throw new KirokuError({
        code: 'BAD_REQUEST',
        message: 'a ClickHouse server is backed up by its own BACKUP, not by Kiroku',
      })
    },
    close: () => client.close(),
  }
  return engine
}

/** A server refuses form fields above 128 KiB, so long values go as literals, in the body. */
function sent({ sql, parameters = {} }: Statement, clause: string): { query: string; query_params?: BoundParameters } {
  if (JSON.stringify(parameters).length > largestBoundLength)
    return { query: `${withLiterals(sql, parameters)} ${clause}` }
  return { query: `${sql} ${clause}`, query_params: bound(parameters) }
}

type BoundParameters = Record<string, ParameterValue>

/** The client writes a negative zero without its sign. */
function bound(parameters: Parameters): BoundParameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, Object.is(value, -0) ? '-0' : value]),
  )
}

/** What an address says: the server, and the database that its path names. Throws `KirokuError` UNAVAILABLE for no URL. */
export function parseAddress(address: string): { url: string; database: string } {
  if (!URL.canParse(address))
    throw new KirokuError({ code: 'UNAVAILABLE', message: 'the address of the ClickHouse server is not a URL' })
  const url = new URL(address)
  const database = decodeURIComponent(url.pathname.slice(1)) || defaultDatabase
  url.pathname = '/'
  return { url: url.toString(), database }
}

async function createDatabase(url: string, database: string): Promise<void> {
  const client = createClient({
    url,
    application: 'kiroku',
    request_timeout: requestTimeoutMs,
    log: { level: ClickHouseLogLevel.OFF },
  })
  try {
    await client.command({
      query: 'CREATE DATABASE IF NOT EXISTS {database:Identifier}',
      query_params: { database },
    })
  } catch (cause) {
    const { host } = new URL(url)
    const why = firstLine(cause instanceof Error ? cause.message || cause.name : String(cause))
    throw new KirokuError({
      code: 'UNAVAILABLE',
      message: `the ClickHouse server at ${host} does not answer: ${why}`,
      cause,
    })
  } finally {
    await client.close()
  }
}

/** All of a stream. One of more than `maxBytes` is ended: throws TOO_LARGE. */
async function collect(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number = Number.POSITIVE_INFINITY,
): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk)
    length += bytes.length
    if (length > maxBytes) throw tooLarge(maxBytes)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}
