import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { openConnections } from './embedded-connections.ts'
import { freezeTables, removeFrozen } from './embedded-freeze.ts'
import type { Engine, InsertStatement, Statement } from './engine.ts'
import { engineFailure } from './failures.ts'
import { parseJsonLines } from './json-lines.ts'
import { withLiterals } from './literals.ts'
import { decodeNative } from './native-format.ts'
import { openSpool } from './spool.ts'

/**
 * ClickHouse in this process, over a directory that it alone owns. Throws `KirokuError` CONFLICT when another process, or
 * this one, has a directory open already, and UNAVAILABLE when the directory cannot be used.
 */
export async function openEmbeddedEngine(path: string): Promise<Engine> {
  const directory = resolve(path)
  const connections = await openConnections(directory)
  const spool = openSpool(directory)
  spool.clean()
  await removeFrozen(directory)

  const read = async ({ sql, parameters = {}, signal }: Statement, format: string): Promise<Uint8Array> => {
    try {
      return await connections.read(withLiterals(sql, parameters), format, signal)
    } catch (cause) {
      throw engineFailure('query', cause)
    }
  }
  const engine: Engine = {
    async command({ sql, parameters = {} }) {
      try {
        await connections.write(withLiterals(sql, parameters))
      } catch (cause) {
        throw engineFailure('statement', cause)
      }
    },
    async upkeep({ sql, parameters = {} }) {
      try {
        await connections.upkeep(withLiterals(sql, parameters))
      } catch (cause) {
        throw engineFailure('statement', cause)
      }
    },
    async query({ row, ...statement }) {
      return parseJsonLines(row, await read(statement, 'JSONEachRow'))
    },
    untrusted: (statement) => connections.untrusted(statement),
    gather: null,
    async columns(statement) {
      return decodeNative(await read(statement, 'Native'))
    },
    async insert(insert) {
      const file = await spool.write(insert.chunks)
      try {
        await connections.write(insertFrom(file, insert))
      } catch (cause) {
        throw engineFailure('insert', cause)
      } finally {
        await rm(file, { force: true })
      }
    },
    spread: (table) => table,
    leavingOut: () => engine,
    isBehind: async () => false,
    async freeze(atCut) {
      try {
        return await freezeTables(directory, connections, atCut)
      } catch (cause) {
        throw engineFailure('freeze', cause)
      }
    },
    async close() {
      await connections.close()
    },
  }
  return engine
}

function insertFrom(file: string, { into, select, structure, rest = '' }: InsertStatement): string {
  return withLiterals(
    `INSERT INTO ${into} SELECT ${select} FROM file({file:String}, 'Native', {structure:String}) ${rest}
     SETTINGS max_insert_threads = 1`,
    { file, structure },
  )
}
