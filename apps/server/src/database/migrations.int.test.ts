import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Engines, openEngines } from '../engines/index.ts'
import { applyMigrations } from './migrations.ts'

const prismaDirectory = fileURLToPath(new URL('../../prisma', import.meta.url))

let engines: Engines
let directory: string
let databases = 0

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiroku-test-'))
  engines = await openEngines({ dataDir: join(directory, 'data') })
})
afterAll(async () => {
  await engines.close()
  await rm(directory, { recursive: true, force: true })
})

/** A new, empty database, and a copy of the migrations that a test may add to. */
async function emptyDatabase() {
  const name = `test_${databases++}`
  const admin = new pg.Client({ connectionString: engines.databaseUrl })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  await admin.end()
  const url = new URL(engines.databaseUrl)
  url.pathname = `/${name}`
  const pool = new pg.Pool({ connectionString: url.href })
  const migrations = join(directory, name)
  await cp(join(prismaDirectory, 'migrations'), migrations, { recursive: true })
  const add = async (migration: string, sql: string): Promise<void> => {
    await mkdir(join(migrations, migration), { recursive: true })
    await writeFile(join(migrations, migration, 'migration.sql'), sql)
  }
  const applied = async (): Promise<string[]> => {
    const { rows } = await pool.query('SELECT migration_name AS name FROM _prisma_migrations ORDER BY started_at')
    return rows.map(({ name: migration }) => String(migration))
  }
  /** The migrations of this release, in order. */
  const own = async (): Promise<string[]> => {
    const entries = await readdir(join(prismaDirectory, 'migrations'), { withFileTypes: true })
    return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort()
  }
  return { pool, migrations, add, applied, own, [Symbol.asyncDispose]: () => pool.end() }
}

describe('migrations', () => {
  it('are applied once, in order, also when several servers start together', async () => {
    await using database = await emptyDatabase()
    await database.add('99990101000000_more', 'CREATE TABLE more (id int)')
    await Promise.all([1, 2, 3].map(() => applyMigrations(database.pool, { directory: database.migrations })))
    const own = await database.own()
    expect(own[0]).toMatch(/_init$/)
    expect(await database.applied()).toEqual([...own, '99990101000000_more'])
  })

  it('are kept in the books as `prisma migrate deploy` keeps them', async () => {
    await using database = await emptyDatabase()
    await applyMigrations(database.pool)
    const { rows } = await database.pool.query('SELECT * FROM _prisma_migrations')
    expect(rows[0]).toMatchObject({
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
      finished_at: expect.any(Date),
      logs: null,
      rolled_back_at: null,
      applied_steps_count: 1,
    })
  })

  it('that fail leave nothing behind, and say why', async () => {
    await using database = await emptyDatabase()
    await database.add('99990101000000_broken', 'CREATE TABLE half (id int); SELECT nonsense')
    const applying = applyMigrations(database.pool, { directory: database.migrations })
    await expect(applying).rejects.toThrow(/99990101000000_broken could not be applied.*nonsense/)
    const { rows } = await database.pool.query("SELECT to_regclass('half') AS half")
    expect(rows).toEqual([{ half: null }])
    expect(await database.applied()).toEqual(await database.own())
  })

  it('refuse a database of a newer Kiroku, and one that was migrated by other files', async () => {
    await using database = await emptyDatabase()
    await database.add('99990101000000_more', 'CREATE TABLE more (id int)')
    await applyMigrations(database.pool, { directory: database.migrations })
    await expect(applyMigrations(database.pool)).rejects.toThrow('99990101000000_more of a newer Kiroku')
    await database.add('99990101000000_more', 'CREATE TABLE other (id int)')
    await expect(applyMigrations(database.pool, { directory: database.migrations })).rejects.toThrow('another content')
  })

  it('say all that the schema says', async () => {
    const script = join(prismaDirectory, 'new-migration.mjs')
    await expect(promisify(execFile)(process.execPath, [script, '--check'])).resolves.toMatchObject({ stderr: '' })
  })
})
