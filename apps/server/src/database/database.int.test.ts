import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { type Engines, openEngines } from '../engines/index.ts'
import { type Connection, type Database, openDatabase } from './database.ts'

let directory: string
let engines: Engines
let database: Database

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiroku-test-'))
  engines = await openEngines({ dataDir: join(directory, 'data') })
  database = await openDatabase(engines.databaseUrl)
}, 120_000)
afterAll(async () => {
  await database.close()
  await engines.close()
  await rm(directory, { recursive: true, force: true })
})

const pidOf = async (connection: Connection): Promise<number> =>
  (await connection.query('SELECT pg_backend_pid() AS pid')).rows[0].pid

it('a connection that breaks while it is lent and asks nothing fails its work, and not the process', async () => {
  const uncaught: Error[] = []
  const listen = (error: Error): void => void uncaught.push(error)
  process.on('uncaughtException', listen)
  onTestFinished(() => void process.off('uncaughtException', listen))
  for (const lend of [database.session, database.transaction, database.snapshot]) {
    const work = lend(async (connection) => {
      const pid = await pidOf(connection)
      await database.session((other) => other.query('SELECT pg_terminate_backend($1)', [pid]))
      await new Promise((resolve) => setTimeout(resolve, 200))
      await connection.query('SELECT 1')
    })
    await expect(work).rejects.toThrow(/terminat|not queryable|connection error/)
  }
  expect(uncaught).toEqual([])
  await database.ping()
})

it('the ids of runs are UUIDs whose second halves are in the order of their making, and differ within a millisecond', async () => {
  const { rows } = await database.session((connection) =>
    connection.query(`SELECT id::text, extract(epoch FROM clock_timestamp())::float8 AS at
      FROM (SELECT new_run_id() AS id, pg_sleep(n * 0.005) FROM generate_series(1, 4) AS n) AS made`),
  )
  const ids: string[] = rows.map(({ id }) => id)
  const secondHalves = ids.map((id) => id.slice(19))
  expect(secondHalves).toEqual(secondHalves.toSorted())
  expect(ids.map((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).not.toContain(
    false,
  )
  const made = Number.parseInt(secondHalves.at(-1)?.replace('-', '').slice(1, 13) ?? '', 16)
  expect(Math.abs(made - rows.at(-1).at * 1000)).toBeLessThan(1000)
  const many = await database.session((connection) =>
    connection.query('SELECT count(DISTINCT new_run_id())::int AS different FROM generate_series(1, 10000)'),
  )
  expect(many.rows).toEqual([{ different: 10_000 }])
})
