import { routes } from '@kiroku/core/routes'
import { type SqlAnswer, type SqlRequest, sqlAnswerSchema } from '@kiroku/core/sql'
import { errorOf } from './series-client.ts'

/** Runs a query of the reader's. Throws `KirokuError` with the server's own words when it refuses. */
export async function fetchSql(request: SqlRequest, signal: AbortSignal): Promise<SqlAnswer> {
  const response = await fetch(routes.sql, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    signal,
  })
  if (!response.ok) throw await errorOf(response)
  return sqlAnswerSchema.parse(await response.json())
}
