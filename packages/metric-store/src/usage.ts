import * as z from 'zod'
import type { Engine } from './engine/engine.ts'
import { runTables } from './run-tables.ts'
import type { StoredContents } from './types.ts'

/**
 * Tables of values that differ in length, with what a row has beside its value, in bytes before compression. All other
 * tables are of points or follow from them.
 */
const contentTables = {
  texts: { value: 'value', rowBytes: 64 },
  console: { value: 'text', rowBytes: 80 },
} as const
type ContentTable = keyof typeof contentTables

const tableSchema = z.object({
  name: z.string(),
  rows: z.coerce.number(),
  bytes: z.coerce.number(),
  uncompressed: z.coerce.number(),
})
type TableSize = z.infer<typeof tableSchema>

/** The sizes of tables on each server that holds some of them. */
async function readTables(engine: Engine): Promise<TableSize[]> {
  return engine.query({
    sql: `SELECT table AS name, sum(rows) AS rows, sum(bytes_on_disk) AS bytes, sum(data_uncompressed_bytes) AS uncompressed
          FROM system.parts
          WHERE database = currentDatabase() AND active AND table IN {tables:Array(String)} GROUP BY table`,
    parameters: { tables: runTables },
    row: tableSchema,
    isOfServers: true,
  })
}

/** How many bytes on disk a point takes, at the mean over all runs: ClickHouse knows the bytes of parts, not those of runs. */
export async function readBytesPerPoint(engine: Engine): Promise<number> {
  const tables = (await readTables(engine)).filter(({ name }) => !(name in contentTables))
  const points = tables.reduce((sum, { name, rows }) => (name === 'points' ? sum + rows : sum), 0)
  return points === 0 ? 0 : tables.reduce((sum, { bytes }) => sum + bytes, 0) / points
}

const lengthsSchema = z.object({
  project: z.string(),
  owner: z.string().nullable(),
  count: z.coerce.number(),
  length: z.coerce.number(),
})

/** Counts and measures texts and lines of projects. */
export async function readContents(
  engine: Engine,
  projects: readonly string[],
  by: 'project' | 'run',
): Promise<StoredContents[]> {
  const tables = await readTables(engine)
  const found = new Map<string, StoredContents>()
  const add = async (
    table: ContentTable,
    put: (entry: StoredContents, count: number, bytes: number) => void,
  ): Promise<void> => {
    const { value, rowBytes } = contentTables[table]
    const compression = compressionOf(tables.filter(({ name }) => name === table))
    const rows = await engine.query({
      sql: `SELECT project, ${by === 'run' ? 'toNullable(run)' : "CAST(NULL, 'Nullable(UUID)')"} AS owner, count() AS count, sum(length(${value})) AS length
            FROM ${table} FINAL WHERE project IN {projects:Array(UUID)} GROUP BY project${by === 'run' ? ', run' : ''}`,
      parameters: { projects },
      row: lengthsSchema,
    })
    for (const { project, owner: run, count, length } of rows) {
      const key = `${project}/${run}`
      const entry = found.get(key) ?? { project, run, textCount: 0, textBytes: 0, lineCount: 0, lineBytes: 0 }
      put(entry, count, (length + count * rowBytes) * compression)
      found.set(key, entry)
    }
  }
  if (projects.length === 0) return []
  await add('texts', (entry, count, bytes) => {
    entry.textCount = count
    entry.textBytes = bytes
  })
  await add('console', (entry, count, bytes) => {
    entry.lineCount = count
    entry.lineBytes = bytes
  })
  return [...found.values()]
}

/** Bytes on disk for each byte before compression, over the parts of all servers. */
function compressionOf(sizes: readonly TableSize[]): number {
  const [bytes, uncompressed] = sizes.reduce(
    ([disk, data], size) => [disk + size.bytes, data + size.uncompressed],
    [0, 0],
  )
  return uncompressed === 0 ? 0 : bytes / uncompressed
}
