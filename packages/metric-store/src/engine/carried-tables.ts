import { type ClickHouseSettings, parseError } from '@clickhouse/client'
import { KirokuError } from '@kiroku/core/errors'
import type { CarriedTable } from './engine.ts'

/** A server refuses longer fields of a form, which a statement with tables is. */
const maxFieldBytes = 131_072

type Asked = {
  url: string
  database: string
  sql: string
  settings: ClickHouseSettings
  tables: readonly CarriedTable[]
  signal: AbortSignal | undefined
}

/**
 * Runs a statement over tables that are sent with it, as a form of several parts, which `@clickhouse/client` does not do. Throws what
 * the client throws of a statement that the server refuses.
 */
export async function askWithTables(asked: Asked): Promise<AsyncIterable<Uint8Array>> {
  const { url, database, sql, settings, tables, signal } = asked
  if (Buffer.byteLength(sql) >= maxFieldBytes)
    throw new KirokuError({ code: 'TOO_LARGE', message: 'the query is too long for a cluster: shorten its lists' })
  const target = new URL(url)
  const [user, password] = [target.username || 'default', target.password].map(decodeURIComponent)
  target.username = target.password = ''
  target.searchParams.set('database', database)
  for (const [name, value] of Object.entries(settings)) target.searchParams.set(name, String(value))
  const form = new FormData()
  form.append('query', sql)
  for (const { name, structure, format, pieces } of tables) {
    target.searchParams.set(`${name}_structure`, structure)
    target.searchParams.set(`${name}_format`, format)
    form.append(name, new Blob([...pieces]), name)
  }
  const answer = await fetch(target, {
    method: 'POST',
    headers: { 'X-ClickHouse-User': user ?? '', 'X-ClickHouse-Key': password ?? '' },
    body: form,
    ...(signal && { signal }),
  })
  if (!answer.ok || answer.body === null) throw parseError(await answer.text())
  return answer.body
}
