import { randomUUID } from 'node:crypto'
import { KirokuError } from '@kiroku/core/errors'
import { type SqlAnswer, sqlLimits } from '@kiroku/core/sql'
import * as z from 'zod'
import type { Engine, UntrustedStatement } from '../engine/engine.ts'
import { parseJsonLines } from '../engine/json-lines.ts'
import type { MetricStore } from '../types.ts'
import { readAst } from './ast.ts'
import { checkQuery, checkTokens } from './check.ts'
import { queryFailure, tookTooLong } from './failure.ts'
import { createGate } from './gate.ts'
import { maxStatementBytes, protect } from './protection.ts'
import { lastColumn, readResult } from './result.ts'
import { fillAll } from './sent-tables.ts'
import { tablesFor } from './tables.ts'
import { readTokens } from './tokens.ts'
import type { UserQuery } from './types.ts'

/**
 * So many run at the same time: embedded, the engine runs one at a time; on a server each has a thread and its memory; on a cluster its
 * rows go through this process.
 */
const concurrency = { embedded: 1, server: 4, cluster: 2 } as const
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
  const { settings, database, tables: known } = await protect(engine, query.project, signal)
  const run = async <Answer>({ before, after, format, tables, answer }: Around<Answer>): Promise<Answer> => {
    const mark = `/* query ${randomUUID()} */`
    const start = `${mark} ${before}`
    const sql = `${start}\n${read.text}\n${after}`
    if (sql.length > maxStatementBytes)
      throw new KirokuError({ code: 'TOO_LARGE', message: 'the project has too many runs for a query' })
    try {
      return answer(
        await engine.untrusted({ mark, sql, format, settings, maxBytes, signal, ...(tables && { tables }) }),
      )
    } catch (cause) {
      throw queryFailure(cause, { query: query.query, ...read, before: `${start}\n` })
    }
  }
  // The query as ClickHouse understands it; nothing of it is run. In brackets, no clause of it can reach beyond the query.
  const tree = await run({ before: 'EXPLAIN AST SELECT * FROM (', after: ')', format: 'JSONEachRow', answer: readTree })
  checkQuery(tree, read.tokens, known)
  const { clause, sent } = await tablesFor(engine, query, database, { tree, tokens: read.tokens })
  // What is wrong with it is told before rows are gathered for it.
  if (sent.length > 0)
    await run({
      before: `DESCRIBE (${clause}SELECT * FROM (`,
      after: '))',
      format: 'JSONEachRow',
      tables: sent.map(({ empty }) => empty),
      answer: () => undefined,
    })
  const { columns, rows } = await run({
    before: `${clause}SELECT *, ${lastColumn} FROM (`,
    after: `) LIMIT ${sqlLimits.maxRows + 1}`,
    format: 'JSONCompactEachRowWithNamesAndTypes',
    tables: await fillAll(sent, signal),
    answer: readResult,
  })
  return {
    columns,
    rows: rows.slice(0, sqlLimits.maxRows),
    hasMore: rows.length > sqlLimits.maxRows,
    elapsedMs: performance.now() - startedAt,
  }
}

/** What is put around a query's text, the tables that it goes with, and how what comes of it is read. */
type Around<Answer> = Pick<UntrustedStatement, 'format' | 'tables'> & {
  before: string
  after: string
  answer(bytes: Uint8Array): Answer
}

const readTree = (bytes: Uint8Array): ReturnType<typeof readAst> =>
  readAst(parseJsonLines(z.object({ explain: z.string() }), bytes).map(({ explain }) => explain))
