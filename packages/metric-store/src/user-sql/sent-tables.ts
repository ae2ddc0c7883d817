import { type SqlColumn, sqlLimits, sqlTables } from '@kiroku/core/sql'
import type { CarriedTable, Engine } from '../engine/engine.ts'
import { identifier } from '../engine/literals.ts'
import { gatherFailure } from './failure.ts'
import type { Token } from './tokens.ts'
import { asksForAll, mentions } from './wanted.ts'

/** A table that goes with a query, where the engine does not let it read the stored ones. */
export type SentTable = {
  /** The SELECT that makes the table of what is sent. */
  select: string
  /** What is sent, with all of its columns and no rows: it tells already what is wrong with a query. */
  empty: CarriedTable
  /** Reads its rows, of the columns that the query can see, which take `maxBytes` at most. */
  fill(maxBytes: number, signal: AbortSignal | undefined): Promise<CarriedTable>
}

type Asked = {
  name: 'points' | 'texts' | 'console'
  /** The SELECT of its rows. */
  rows: string
  tokens: readonly Token[]
  /** The runs that its rows are of, by their UUIDs, where the query says which. */
  runs: string[] | undefined
}

/** Texts that come again and again take a byte a row in this type. */
const packedText = 'LowCardinality(String)'
const repeating = ['run', 'stream']
const isRepeating = ({ name }: SqlColumn): boolean => repeating.includes(name)

/** A table whose rows are gathered of all servers that have some. */
export function gatheredTable(gather: NonNullable<Engine['gather']>, { name, rows, tokens, runs }: Asked): SentTable {
  const all = sqlTables.find((table) => table.name === name)?.columns ?? []
  // There is a column at least.
  const isSeen = (column: SqlColumn): boolean => column.name === 'run' || mentions(tokens, column.name)
  const seen = asksForAll(tokens) ? all : all.filter(isSeen)
  const tableOf = (columns: readonly SqlColumn[], pieces: CarriedTable['pieces']): CarriedTable => ({
    name: sentName(name),
    structure: columns
      .map((column) => `${identifier(column.name)} ${isRepeating(column) ? packedText : column.type}`)
      .join(', '),
    format: 'Native',
    pieces,
  })
  const unpacked = repeating.map((column) => `CAST(${column}, 'String') AS ${column}`).join(', ')
  const packed = seen.map((column) => {
    const name = identifier(column.name)
    return isRepeating(column) ? `CAST(${name}, '${packedText}') AS ${name}` : name
  })
  return {
    select: `SELECT * REPLACE(${unpacked}) FROM ${sentName(name)}`,
    empty: tableOf(all, []),
    async fill(maxBytes, signal) {
      try {
        const pieces = await gather({
          sql: `SELECT ${packed.join(', ')} FROM (${rows})`,
          ...(runs !== undefined && { parameters: { runs } }),
          maxBytes,
          maxSeconds: sqlLimits.maxSeconds,
          signal,
        })
        return tableOf(seen, pieces)
      } catch (cause) {
        throw gatherFailure(cause)
      }
    },
  }
}

/** A table of a text's lines, each a `line`. */
export function sentLines(name: 'runs', text: string): SentTable {
  const empty = { name: sentName(name), structure: 'line String', format: 'LineAsString', pieces: [] } as const
  return {
    select: `SELECT * FROM ${empty.name}`,
    empty,
    fill: async () => ({ ...empty, pieces: [new TextEncoder().encode(text)] }),
  }
}

/** Reads the rows of all tables, one after the other, as they share the room. */
export async function fillAll(tables: readonly SentTable[], signal: AbortSignal | undefined): Promise<CarriedTable[]> {
  const filled: CarriedTable[] = []
  let room: number = sqlLimits.maxGatheredBytes
  for (const { fill } of tables) {
    const table = await fill(room, signal)
    filled.push(table)
    if (table.format === 'Native') room -= table.pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }
  return filled
}

/** No name of a user's table, and none that a user's query may have. */
const sentName = (name: string): string => `sent_${name}`
