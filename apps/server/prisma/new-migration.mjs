// Writes the SQL that takes the database from the last migration's schema (migrated.prisma) to schema.prisma.
//   node prisma/new-migration.mjs NAME      a new folder under migrations/
//   node prisma/new-migration.mjs --check   exit code 1 when schema.prisma has changes without a migration
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import * as engine from '@prisma/schema-engine-wasm/schema_engine_bg'

const here = dirname(fileURLToPath(import.meta.url))
const schemaFile = join(here, 'schema.prisma')
const migratedFile = join(here, 'migrated.prisma')

async function loadEngine() {
  const script = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const bytes = await readFile(join(dirname(script), 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': engine })
  engine.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
}

async function readSchema(path) {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw error
  }
}

const columnTypes = { number: ColumnTypeEnum.Int32, string: ColumnTypeEnum.Text, boolean: ColumnTypeEnum.Boolean }

/** An adapter that tells the dialect and never reaches a database: the engine asks one for its version at most. */
function dialectOnly() {
  const answer = (row) => ({
    columnNames: Object.keys(row),
    columnTypes: Object.values(row).map((value) => columnTypes[typeof value]),
    rows: [Object.values(row)],
  })
  const connection = {
    provider: 'postgres',
    adapterName: 'dialect-only',
    queryRaw: async () => answer({ exists: true, version: 'PostgreSQL 16', numeric_version: 160000 }),
    executeRaw: async () => 0,
    executeScript: async () => {},
    startTransaction: async () => {
      throw new Error('a diff of two files needs no transaction')
    },
    getConnectionInfo: () => ({ schemaName: 'public', supportsRelationJoins: true }),
    dispose: async () => {},
  }
  return bindMigrationAwareSqlAdapterFactory({
    provider: 'postgres',
    adapterName: 'dialect-only',
    connect: async () => connection,
    connectToShadowDb: async () => connection,
  })
}

async function diff(from, to) {
  const target = (content) =>
    content === null ? { tag: 'empty' } : { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content }] }
  const schemaEngine = await engine.SchemaEngine.new({ datamodels: [['schema.prisma', to]] }, () => {}, dialectOnly())
  const result = await schemaEngine.diff({
    from: target(from),
    to: target(to),
    script: true,
    exitCode: true,
    filters: { externalTables: [], externalEnums: [] },
  })
  return result.exitCode === 0 ? '' : (result.stdout ?? '')
}

const [argument] = process.argv.slice(2)
if (argument === undefined || !/^(--check|[a-z0-9][a-z0-9_]*)$/.test(argument)) {
  console.error('usage: node prisma/new-migration.mjs NAME   (lower-case letters, digits and underscores), or --check')
  process.exit(2)
}
await loadEngine()
const sql = await diff(await readSchema(migratedFile), await readFile(schemaFile, 'utf8'))
if (argument === '--check') {
  if (sql !== '') console.error(`schema.prisma has changes without a migration:\n${sql}`)
  process.exit(sql === '' ? 0 : 1)
}
if (sql === '') {
  console.error('schema.prisma has no changes since the last migration')
  process.exit(1)
}
const stamp = new Date().toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)
const folder = join(here, 'migrations', `${stamp}_${argument}`)
await mkdir(folder, { recursive: true })
await writeFile(join(folder, 'migration.sql'), sql.endsWith('\n') ? sql : `${sql}\n`)
await copyFile(schemaFile, migratedFile)
console.log(join(folder, 'migration.sql'))
