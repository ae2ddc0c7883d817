import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KirokuError } from '@kiroku/core/errors'
import type pg from 'pg'
import * as z from 'zod'
import { lockIds } from './lock-ids.ts'

const migrationsDirectory = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))

/** The table that `prisma migrate deploy` keeps, word for word. */
const bookkeeping = `
CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)`

const appliedSchema = z.array(z.object({ migration_name: z.string(), checksum: z.string(), isFinished: z.boolean() }))

type Migration = { name: string; sql: string; checksum: string }

/** Where the migrations are, this release's when left out, and the names of those that are wanted; all when left out. */
export type MigrationOptions = { directory?: string | undefined; only?: readonly string[] | undefined }

/**
 * Applies the migrations that the database has not seen, in order, each in a transaction with its entry in
 * `_prisma_migrations`. Servers that start together take turns. Throws `KirokuError` CONFLICT when the database was
 * migrated by a newer Kiroku, by changed files, or has a failed migration.
 */
export async function applyMigrations(
  pool: pg.Pool,
  { directory = migrationsDirectory, only }: MigrationOptions = {},
): Promise<void> {
  const known = await readMigrations(directory)
  const connection = await pool.connect()
  try {
    await connection.query('SELECT pg_advisory_lock($1)', [lockIds.migrations])
    await connection.query(bookkeeping)
    const { rows } = await connection.query(
      `SELECT migration_name, checksum, finished_at IS NOT NULL AS "isFinished"
       FROM _prisma_migrations WHERE rolled_back_at IS NULL`,
    )
    const applied = appliedSchema.parse(rows)
    checkHistory(known, applied)
    const names = new Set(applied.map(({ migration_name }) => migration_name))
    const wanted = known.filter(({ name }) => !names.has(name) && (only === undefined || only.includes(name)))
    for (const migration of wanted) await apply(connection, migration)
  } finally {
    // Ending the connection frees the lock, also when the transaction's state is not known.
    connection.release(true)
  }
}

/** The names of this release's migrations, in order. */
export async function listMigrations(): Promise<string[]> {
  return (await readMigrations(migrationsDirectory)).map(({ name }) => name)
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return Promise.all(
    names.sort().map(async (name) => {
      const bytes = await readFile(join(directory, name, 'migration.sql'))
      return { name, sql: bytes.toString('utf8'), checksum: createHash('sha256').update(bytes).digest('hex') }
    }),
  )
}

function checkHistory(known: readonly Migration[], applied: z.infer<typeof appliedSchema>): void {
  const refuse = (message: string): KirokuError => new KirokuError({ code: 'CONFLICT', message })
  for (const { migration_name: name, checksum, isFinished } of applied) {
    const migration = known.find((candidate) => candidate.name === name)
    if (!migration) throw refuse(`the database has the migration ${name} of a newer Kiroku; start that version`)
    if (!isFinished) throw refuse(`the migration ${name} failed halfway; resolve it with \`prisma migrate resolve\``)
    if (migration.checksum !== checksum)
      throw refuse(`the migration ${name} was applied with another content; restore its file`)
  }
}

async function apply(connection: pg.PoolClient, migration: Migration): Promise<void> {
  try {
    await connection.query('BEGIN')
    await connection.query(migration.sql)
    await connection.query(
      `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
       VALUES ($1, $2, clock_timestamp(), $3, 1)`,
      [randomUUID(), migration.checksum, migration.name],
    )
    await connection.query('COMMIT')
  } catch (cause) {
    const message = `the migration ${migration.name} could not be applied: ${String(cause)}`
    throw new KirokuError({ code: 'INTERNAL', message, cause })
  }
}
