import { KirokuError } from '@kiroku/core/errors'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from '../generated/prisma/client.ts'
import { explainDatabaseError } from './database-errors.ts'
import { applyMigrations } from './migrations.ts'

/** A connection inside a transaction, for statements that Prisma cannot say. */
export type Connection = pg.PoolClient

/** PostgreSQL, migrated: Prisma and plain SQL over one pool. */
export type Database = {
  prisma: PrismaClient
  /** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
  transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  /**
   * Runs `work` in a transaction that changes nothing and sees the database as it is at its first statement, whatever is
   * committed meanwhile.
   */
  snapshot<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  /** Lends `work` a connection outside of transactions, for locks that outlast them. One that `work` failed on is closed. */
  session<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  /** Throws `KirokuError` UNAVAILABLE when PostgreSQL does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

const poolSize = 10

/** A server that lost its power lets go of its locks in half a minute, rather than in the two hours that are usual. */
const keepAlive = '-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3'

/**
 * Connects, applies migrations and answers; with `migrations` only those of these names. Throws `KirokuError` UNAVAILABLE of
 * one line when it cannot connect.
 */
export async function openDatabase(url: string, migrations?: readonly string[]): Promise<Database> {
  const pool = new pg.Pool({ connectionString: url, max: poolSize, application_name: 'kiroku', options: keepAlive })
  // A connection that breaks is replaced at its next use, and fails what it is then asked; without listeners, one for those in
  // the pool and one for those that are lent, it would end the process.
  pool.on('error', () => {})
  pool.on('connect', (connection) => connection.on('error', () => {}))
  try {
    await applyMigrations(pool, { only: migrations })
  } catch (error) {
    await pool.end()
    throw explainDatabaseError(error)
  }
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool), errorFormat: 'minimal' })
  return {
    prisma,
    transaction: (work) => inTransaction(pool, 'BEGIN', work),
    snapshot: (work) => inTransaction(pool, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', work),
    session: (work) => inSession(pool, work),
    async ping() {
      try {
        await pool.query('SELECT 1')
      } catch (cause) {
        throw new KirokuError({ code: 'UNAVAILABLE', message: 'PostgreSQL does not answer', cause })
      }
    },
    async close() {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}

async function inTransaction<T>(
  pool: pg.Pool,
  begin: string,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await pool.connect()
  let broken: Error | undefined
  try {
    await connection.query(begin)
    const result = await work(connection)
    await connection.query('COMMIT')
    return result
  } catch (error) {
    await connection.query('ROLLBACK').catch((failure: Error) => {
      broken = failure
    })
    throw error
  } finally {
    connection.release(broken)
  }
}

async function inSession<T>(pool: pg.Pool, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await pool.connect()
  let hasFailed = true
  try {
    const result = await work(connection)
    hasFailed = false
    return result
  } finally {
    connection.release(hasFailed)
  }
}
