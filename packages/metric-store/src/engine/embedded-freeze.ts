import { randomUUID } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { FrozenFile, FrozenTables } from '../types.ts'
import type { Connections } from './embedded-connections.ts'
import { parseJsonLines } from './json-lines.ts'

const shadowName = 'shadow'
/** Letters, digits and underscores: ClickHouse writes anything else in another way. */
const prefix = 'kiroku_backup_'

const tableSchema = z.object({ database: z.string(), databaseId: z.uuid(), name: z.string(), tableId: z.uuid() })

/**
 * Freezes all tables of this connection's database as they are when `atCut` is called. ClickHouse makes hard links of their
 * parts, which never change, so that this takes milliseconds and no room.
 */
export async function freezeTables(
  directory: string,
  connections: Pick<Connections, 'alone'>,
  atCut: () => Promise<void>,
): Promise<FrozenTables> {
  const name = `${prefix}${randomUUID().replaceAll('-', '')}`
  const release = (): Promise<void> => rm(join(directory, shadowName, name), { recursive: true, force: true })
  try {
    const { tables, heldMs } = await connections.alone(async (ask) => {
      const since = performance.now()
      const found = parseJsonLines(tableSchema, await ask(tablesSql, 'JSONEachRow'))
      await atCut()
      for (const table of found) await ask(`ALTER TABLE ${quoted(table.name)} FREEZE WITH NAME '${name}'`, 'Null')
      return { tables: found, heldMs: performance.now() - since }
    })
    const parts = await filesBelow(join(directory, shadowName, name), 'store')
    const descriptions = await Promise.all(describedBy(tables).map((path) => filesBelow(directory, path)))
    return { files: [...descriptions.flat(), ...parts], heldMs, release }
  } catch (error) {
    await release()
    throw error
  }
}

/** Removes what a process left that was killed in the middle of a backup. */
export async function removeFrozen(directory: string): Promise<void> {
  const shadow = join(directory, shadowName)
  const names = await readdir(shadow).catch(() => [])
  const left = names.filter((name) => name.startsWith(prefix))
  await Promise.all(left.map((name) => rm(join(shadow, name), { recursive: true, force: true })))
}

const tablesSql = `
  SELECT t.database AS database, toString(d.uuid) AS databaseId, t.name AS name, toString(t.uuid) AS tableId
  FROM system.tables AS t JOIN system.databases AS d ON d.name = t.database
  WHERE t.database = currentDatabase() AND t.engine LIKE '%MergeTree' ORDER BY t.name`

const quoted = (name: string): string => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``

const placeOf = (id: string): string => `store/${id.slice(0, 3)}/${id}`

/** Where it says what the database and its tables are. Only migrations change that, which are over when a store is open. */
function describedBy(tables: readonly z.infer<typeof tableSchema>[]): string[] {
  const databases = new Map(tables.map(({ database, databaseId }) => [database, databaseId]))
  return [
    ...[...databases].flatMap(([database, id]) => [`metadata/${database}.sql`, placeOf(id)]),
    ...tables.map(({ tableId }) => `${placeOf(tableId)}/format_version.txt`),
  ]
}

/** The file at a path below `root`, or all files below that path. */
async function filesBelow(root: string, path: string): Promise<FrozenFile[]> {
  const source = join(root, path)
  const facts = await stat(source)
  if (!facts.isDirectory()) return [{ path, source, size: facts.size }]
  const files: FrozenFile[] = []
  for (const name of (await readdir(source)).sort()) files.push(...(await filesBelow(root, `${path}/${name}`)))
  return files
}
