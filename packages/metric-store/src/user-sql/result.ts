import { KirokuError } from '@kiroku/core/errors'
import type { SqlAnswer, SqlCell } from '@kiroku/core/sql'
import { toWireNumber, wireValueSchema } from '@kiroku/core/values'
import * as z from 'zod'

const namesSchema = z.array(z.string())
/** What a server ends an answer with that failed after its first rows were on their way: as no row is, of one cell. */
const failureSchema = z.tuple([z.string()])
/** The column that every answer has behind those of the query, so that a row is never of one cell. */
export const lastColumn = '0'
const rowSchema = z.array(wireValueSchema)
/** How ClickHouse writes a number that JSON has no word for. */
const nonFinite: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  '-nan': Number.NaN,
  inf: Infinity,
  '-inf': -Infinity,
}

/**
 * Reads ClickHouse's `JSONCompactEachRowWithNamesAndTypes`: the names, the types, then a row a line. NaN and the infinities come in wire
 * form; the last column, `lastColumn`, is left out. Throws what ClickHouse says when it failed on the way, and INTERNAL when it is something
 * else.
 */
export function readResult(bytes: Uint8Array): Pick<SqlAnswer, 'columns' | 'rows'> {
  const [names, types, ...rows] = new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((line) => line !== '')
  const failure = failureSchema.safeParse(JSON.parse(rows.at(-1) ?? types ?? names ?? 'null'))
  if (failure.success) throw new Error(failure.data[0])
  const columns = parse(namesSchema, names).slice(0, -1)
  const kinds = parse(namesSchema, types).slice(0, -1)
  const withNumbers = kinds.map((type) => /B?Float\d/.test(type))
  return {
    columns: columns.map((name, index) => ({ name, type: kinds[index] ?? '' })),
    rows: rows.map((line) =>
      parse(rowSchema, line)
        .slice(0, -1)
        .map((cell, index) => (withNumbers[index] ? withWireNumbers(cell, kinds[index] ?? '') : cell)),
    ),
  }
}

/** In a type that holds texts too, a text stays a text. */
function withWireNumbers(cell: SqlCell, type: string): SqlCell {
  if (typeof cell === 'string') {
    const value = /String|Enum|UUID|JSON|Dynamic|Variant/.test(type) ? undefined : nonFinite[cell]
    return value === undefined ? cell : toWireNumber(value)
  }
  if (Array.isArray(cell)) return cell.map((each) => withWireNumbers(each, type))
  if (cell !== null && typeof cell === 'object')
    return Object.fromEntries(Object.entries(cell).map(([key, each]) => [key, withWireNumbers(each, type)]))
  return cell
}

function parse<T>(schema: z.ZodType<T>, line: string | undefined): T {
  const parsed = schema.safeParse(line === undefined ? undefined : JSON.parse(line))
  if (parsed.success) return parsed.data
  throw new KirokuError({
    code: 'INTERNAL',
    message: 'the engine answered other rows than expected',
    cause: parsed.error,
  })
}
