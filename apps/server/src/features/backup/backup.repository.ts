import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { BackupTable } from '@kiroku/core/backup'
import { KirokuError } from '@kiroku/core/errors'
import pg from 'pg'
import { from, to } from 'pg-copy-streams'
import * as z from 'zod'
import type { Connection, Database } from '../../database/database.ts'

/** A table by name, and those of its columns that are stored. */
export type CopiedTable = Pick<BackupTable, 'name' | 'columns'>

/** PostgreSQL as it is at one moment, for all organizations, on the server's own behalf. */
export type Snapshot = {
  /** Fixes the moment: called once, before everything else. */
  fix(): Promise<void>
  /** The names of the migrations that made the tables, in order. */
  migrations(): Promise<string[]>
  tables(): Promise<CopiedTable[]>
  /** The most that the tables can take, in bytes. */
  size(): Promise<number>
  /** All rows of a table in the text form of COPY; `rows` counts them once the stream has ended. */
  copy(table: CopiedTable): { content: AsyncIterable<Buffer>; rows(): number }
}

export type BackupRepository = {
  /** Has `work` read one moment, whatever is committed meanwhile. */
  snapshot<T>(work: (snapshot: Snapshot) => Promise<T>): Promise<T>
  /**
   * Fills the empty tables of a fresh database in one transaction. `open` gives a table's rows in the text form of COPY.
   * Throws BAD_REQUEST when the tables are not those of the database or the rows are not as many as was said.
   */
  load(tables: readonly BackupTable[], open: (table: BackupTable) => Readable): Promise<void>
}

const tablesSql = `
  SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname <> '_prisma_migrations'
    AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  GROUP BY c.relname ORDER BY c.relname`

const tableRowsSchema = z.array(z.object({ name: z.string(), columns: z.array(z.string()) }))
const migrationRowsSchema = z.array(z.object({ name: z.string() }))
const sizeRowsSchema = z.tuple([z.object({ size: z.coerce.number() })])
const sequenceRowsSchema = z.tuple([z.object({ count: z.coerce.number() })])

/** Copies all tables out of PostgreSQL, and into another one. */
export function createBackupRepository(database: Database): BackupRepository {
  return {
    snapshot: (work) => database.snapshot((connection) => work(snapshotOf(connection))),

    async load(tables, open) {
      await database.transaction(async (connection) => {
        const known = new Map((await listTables(connection)).map((table) => [table.name, table]))
        for (const table of tables) {
          checkKnown(table, known.get(table.name))
          known.delete(table.name)
        }
        if (known.size > 0) throw broken(`it has no rows for ${[...known.keys()].join(', ')}`)
        // Rows refer to each other across tables, in any order.
        await connection.query("SET LOCAL session_replication_role = 'replica'")
        for (const table of tables) {
          const into = connection.query(from(`COPY ${placeOf(table)} FROM STDIN`))
          await pipeline(open(table), into)
          if (into.rowCount !== table.rows) throw broken(`${table.name} has ${into.rowCount} rows, not ${table.rows}`)
        }
      })
      await database.session((connection) => connection.query('ANALYZE'))
    },
  }
}

function snapshotOf(connection: Connection): Snapshot {
  return {
    async fix() {
      await connection.query('SELECT 1')
    },
    async migrations() {
      const { rows } = await connection.query(
        'SELECT migration_name AS name FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY migration_name',
      )
      return migrationRowsSchema.parse(rows).map(({ name }) => name)
    },
    async tables() {
      const { rows } = await connection.query("SELECT count(*) FROM pg_sequences WHERE schemaname = 'public'")
      if (sequenceRowsSchema.parse(rows)[0].count > 0)
        throw new KirokuError({ code: 'INTERNAL', message: 'a backup does not know the state of sequences' })
      return listTables(connection)
    },
    async size() {
      const { rows } = await connection.query('SELECT pg_database_size(current_database()) AS size')
      return sizeRowsSchema.parse(rows)[0].size
    },
    copy(table) {
      const content = connection.query(to(`COPY ${placeOf(table)} TO STDOUT`))
      return { content: readToTheEnd(content), rows: () => content.rowCount }
    },
  }
}

/** A reader who stops in the middle leaves the rest to be passed over, without which the connection takes no statement. */
async function* readToTheEnd(content: Readable): AsyncIterable<Buffer> {
  try {
    for await (const piece of content.iterator({ destroyOnReturn: false })) yield Buffer.from(piece)
  } finally {
    content.resume()
    if (!content.readableEnded && !content.destroyed) await once(content, 'end')
  }
}

async function listTables(connection: Connection): Promise<CopiedTable[]> {
  return tableRowsSchema.parse((await connection.query(tablesSql)).rows)
}

function placeOf({ name, columns }: CopiedTable): string {
  return `public.${pg.escapeIdentifier(name)} (${columns.map((column) => pg.escapeIdentifier(column)).join(', ')})`
}

function checkKnown(table: CopiedTable, known: CopiedTable | undefined): void {
  if (known === undefined) throw broken(`there is no table ${table.name}`)
  const isSame = [...known.columns].sort().join('\n') === [...table.columns].sort().join('\n')
  if (!isSame) throw broken(`the table ${table.name} has other columns`)
}

const broken = (why: string): KirokuError =>
  new KirokuError({ code: 'BAD_REQUEST', message: `the backup does not fit this release: ${why}` })
