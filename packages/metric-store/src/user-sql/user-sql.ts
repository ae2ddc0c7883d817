import { randomUUID } from 'node:crypto'
import { KirokuError } from '@kiroku/core/errors'
import { type SqlAnswer, sqlLimits } from '@kiroku/core/sql'
import * as z from 'zod'
import type { Engine, Settings } from '../engine/engine.ts'
import { parseJsonLines } from '../engine/json-lines.ts'
import type { MetricStore } from '../types.ts'
import { readAst } from './ast.ts'
import { checkQuery, checkTokens } from './check.ts'
import { queryFailure, tookTooLong } from './failure.ts'
import { createGate } from './gate.ts'
import { maxStatementBytes, protect } from './protection.ts'
import { readResult } from './result.ts'
import { tablesFor } from './tables.ts'
import { readTokens, type Tokens } from './tokens.ts'
import type { UserQuery } from './types.ts'

/** So many run at the same time: embedded, the engine runs one at a time; on a server each has a thread and its memory. */
const concurrency = { embedded: 1, server: 4 } as const
const maxWaiting = 16
const maxBytes = sqlLimits.maxAnswerBytes
/** A query that does not heed its time limit is given up by its caller. */
const graceMs = 3000

/** `MetricStore.sql` over an engine. */
export function createUserSql(engine: Engine, kind: keyof typeof concurrency): MetricStore['sql'] {
  const enter = createGate(concurrency[kind], maxWaiting)
  return async (query, options) => {
    const leave = await enter(options?.signal)
    const tooLong = AbortSignal.timeout(sqlLimits.maxSeconds * 1000 + graceMs)
    try {
      return await runUserQuery(engine, query, options?.signal ? AbortSignal.any([options.signal, tooLong]) : tooLong)
    } catch (cause) {
      throw tooLong.aborted && options?.signal?.aborted !== true ? tookTooLong(cause) : cause
    } finally {
      leave()
    }
  }
}

/**
 * Runs one SELECT of a user's over one project. The text is cut into tokens and put together again, ClickHouse describes it without running it,
 * every table and function in the description must be a known one, and the tables are then subqueries of the project's rows. Beside that
 * the engine itself leaves out all rows of other projects (`additional_table_filters`). Throws `KirokuError`: BAD_REQUEST of one line, with
 * the place in `details`, TOO_LARGE for a limit.
 */
async function runUserQuery(engine: Engine, query: UserQuery, signal: AbortSignal | undefined): Promise<SqlAnswer> {
  const startedAt = performance.now()
  const read = readTokens(query.query)
  checkTokens(read.tokens)
  const { settings, database, tables } = await protect(engine, query.project, signal)
  const tree = await describe(engine, query.query, read, settings, signal)
  checkQuery(tree, read.tokens, tables)
  const mark = newMark()
  const before = `${mark} ${await tablesFor(query, database, { tree, tokens: read.tokens })}SELECT * FROM (\n`
  const sql = `${before}${read.text}\n) LIMIT ${sqlLimits.maxRows + 1}`
  if (sql.length > maxStatementBytes)
    throw new KirokuError({ code: 'TOO_LARGE', message: 'the project has too many runs for a query' })
  try {
    const bytes = await engine.untrusted({
      mark,
      sql,
      format: 'JSONCompactEachRowWithNamesAndTypes',
      settings,
      maxBytes,
      signal,
    })
    const { columns, rows } = readResult(bytes)
    return {
      columns,
      rows: rows.slice(0, sqlLimits.maxRows),
      hasMore: rows.length > sqlLimits.maxRows,
      elapsedMs: performance.now() - startedAt,
    }
  } catch (cause) {
    throw queryFailure(cause, { query: query.query, ...read, before })
  }
}

const newMark = (): string => `/* query ${randomUUID()} */`

/** The query as ClickHouse understands it; nothing of it is run. In brackets, no clause of it can reach beyond the query. */
async function describe(
  engine: Engine,
  query: string,
  read: Tokens,
  settings: Settings,
  signal: AbortSignal | undefined,
): Promise<ReturnType<typeof readAst>> {
  const mark = newMark()
  const before = `${mark} EXPLAIN AST SELECT * FROM (\n`
  try {
    const bytes = await engine.untrusted({
      mark,
      sql: `${before}${read.text}\n)`,
      format: 'JSONEachRow',
      settings,
      maxBytes,
      signal,
    })
    return readAst(parseJsonLines(z.object({ explain: z.string() }), bytes).map(({ explain }) => explain))
  } catch (cause) {
    throw queryFailure(cause, { query, ...read, before })
  }
}
