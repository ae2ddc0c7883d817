import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { BackupTable } from '@kiroku/core/backup'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../../database/database.ts'
import { type Engines, openEngines } from '../../engines/index.ts'
import { type BackupRepository, createBackupRepository } from './backup.repository.ts'

let directory: string
let engines: Engines
let database: Database
let repository: BackupRepository

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiroku-test-'))
  engines = await openEngines({ dataDir: join(directory, 'data') })
  database = await openDatabase(engines.databaseUrl)
  repository = createBackupRepository(database)
  await database.session((connection) =>
    connection.query(
      "INSERT INTO organization (slug, name) SELECT 'o' || n, repeat('x', 200) FROM generate_series(1, 20000) n",
    ),
  )
}, 120_000)
afterAll(async () => {
  await database.close()
  await engines.close()
  await rm(directory, { recursive: true, force: true })
})

/** The columns of a table that hold what was stored, in their order, as PostgreSQL itself lists them. */
async function storedColumns(table: string): Promise<string[]> {
  const sql = `SELECT column_name AS name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position`
  const { rows } = await database.session((connection) => connection.query(sql, [table]))
  return rows.map(({ name }) => name)
}

describe('a snapshot', () => {
  it('has every table and its columns, and none of what came after it', async () => {
    const { prisma } = database
    await repository.snapshot(async (snapshot) => {
      await snapshot.fix()
      await prisma.organization.create({ data: { slug: 'later', name: 'later' } })
      const tables = await snapshot.tables()
      const names = tables.map(({ name }) => name)
      expect(names).toEqual(expect.arrayContaining(['api_key', 'blob', 'project', 'run', 'run_metric', 'writer']))
      expect(names).not.toContain('_prisma_migrations')
      const table = tables.find(({ name }) => name === 'organization')
      expect(table?.columns).toEqual(await storedColumns('organization'))
      expect(table?.columns).toContain('slug')
      const { content, rows } = snapshot.copy(table ?? { name: '', columns: [] })
      let text = ''
      for await (const piece of content) text += piece.toString()
      expect(text.trimEnd().split('\n')).toHaveLength(20_000)
      expect(rows()).toBe(20_000)
      expect(text).not.toContain('later')
    })
  })

  it('can be read on when a reader stopped in the middle of a table', async () => {
    await repository.snapshot(async (snapshot) => {
      await snapshot.fix()
      const { content } = snapshot.copy({ name: 'organization', columns: ['id', 'name'] })
      for await (const piece of content) {
        expect(piece.byteLength).toBeGreaterThan(0)
        break
      }
      expect((await snapshot.migrations()).length).toBeGreaterThan(0)
    })
    await database.ping()
  })
})

describe('a load', () => {
  it('is of all tables of the database, with all of their columns, and of no other', async () => {
    const tables = await repository.snapshot(async (snapshot) => {
      await snapshot.fix()
      return (await snapshot.tables()).map((table) => ({ ...table, rows: 0 }))
    })
    const [first, ...others] = tables
    if (!first) throw new Error('there is no table')
    const wrong: [BackupTable[], string][] = [
      [others, 'it has no rows for api_key'],
      [[{ ...first, name: 'strange' }, ...others], 'there is no table strange'],
      [[{ ...first, columns: ['id'] }, ...others], 'the table api_key has other columns'],
    ]
    for (const [given, reason] of wrong)
      await expect(repository.load(given, () => Readable.from([]))).rejects.toMatchObject({
        code: 'BAD_REQUEST',
        message: `the backup does not fit this release: ${reason}`,
      })
  })
})
