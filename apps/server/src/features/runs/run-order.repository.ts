import { createHash } from 'node:crypto'
import { KirokuError } from '@kiroku/core/errors'
import { maxSortedText, type RunOrder } from '@kiroku/core/run-filters'
import { fromWireNumber, isStorableText, toWireNumber, type WireNumber, wireNumberSchema } from '@kiroku/core/values'
import * as z from 'zod'
import { toDatabaseTime } from '../../database/database-time.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { RunValuesSql, ValueSql } from './run-values.repository.ts'

/** One column that runs are sorted by, and what a run has in it. None of them is null. */
type SortColumn = { name: Prisma.Sql; sql: Prisma.Sql; type: keyof typeof valueSchemas; isFalling: boolean }

const valueSchemas = {
  int: z.number().int().min(0).max(3),
  float8: wireNumberSchema,
  /** Unix milliseconds, of the years that `toDatabaseTime` leaves. */
  time: z.number().min(toDatabaseTime(Number.NEGATIVE_INFINITY)).max(toDatabaseTime(Number.POSITIVE_INFINITY)),
  text: z.string().refine(isStorableText),
  uuid: z.uuid(),
}
/** What a run has in the columns that it is sorted by. */
export type Place = readonly (WireNumber | string)[]
const cursorSchema = z.object({ order: z.string(), place: z.array(z.unknown()) })

/** How runs are sorted by SQL: `select` gives each run its place, of which `orderBy` and `after` speak. */
export type RunOrderSql = {
  select: Prisma.Sql
  orderBy: Prisma.Sql
  /** Where the run stands that a cursor came of, the last two being `createdAt` and `id`. Throws BAD_REQUEST for a cursor of another order. */
  placeOf(cursor: string): Place
  /** What is true of the runs behind a place. */
  behind(place: Place): Prisma.Sql
  /** The cursor of a row that was selected. */
  cursorOf(row: unknown): string
}

/** An order by SQL over the runs' values, which must have `createdAt`. */
export function orderSql(order: readonly RunOrder[], values: RunValuesSql): RunOrderSql {
  const columns = [
    ...order.flatMap(({ path, direction }, index) => sortColumns(values.at(path), index, direction === 'desc')),
    { name: Prisma.raw('created'), sql: values.at('createdAt').number, type: 'time', isFalling: true } as const,
    { name: Prisma.raw('id'), sql: Prisma.raw('id'), type: 'uuid', isFalling: true } as const,
  ]
  const hash = createHash('sha256').update(JSON.stringify(order)).digest('base64url').slice(0, 16)
  return {
    select: Prisma.join(columns.map(({ name, sql }) => Prisma.sql`${sql} AS ${name}`)),
    orderBy: Prisma.join(
      columns.map(({ name, isFalling }) => Prisma.sql`${name} ${Prisma.raw(isFalling ? 'DESC' : 'ASC')}`),
    ),
    placeOf: (cursor) => decodeCursor(cursor, hash, columns),
    behind: (place) => behind(columns, place),
    cursorOf(row) {
      const found = z.record(z.string(), z.unknown()).parse(row)
      const place = columns.map(({ name, type }) => {
        const value = found[name.text]
        return type === 'float8' || type === 'time' ? toWireNumber(Number(value)) : value
      })
      return Buffer.from(JSON.stringify({ order: hash, place })).toString('base64url')
    },
  }
}

/** Numbers, then other values, then NaN, then nothing, whichever way. */
function sortColumns({ number, text }: ValueSql, index: number, isFalling: boolean): SortColumn[] {
  const rank = Prisma.sql`(CASE WHEN ${number} IS NULL THEN CASE WHEN left(${text}, 1) IN ('b', 'l', 's') THEN 1 ELSE 3 END
    WHEN ${number} = 'NaN' THEN 2 ELSE 0 END)`
  const finite = Prisma.sql`coalesce(nullif(${number}, 'NaN'), 0)`
  const shown = Prisma.sql`(CASE WHEN left(${text}, 1) IN ('b', 'l', 's') THEN left(${text}, ${maxSortedText}::int) ELSE '' END
    COLLATE "C")`
  return [
    { name: Prisma.raw(`rank${index}`), sql: rank, type: 'int', isFalling: false },
    { name: Prisma.raw(`number${index}`), sql: finite, type: 'float8', isFalling },
    { name: Prisma.raw(`text${index}`), sql: shown, type: 'text', isFalling },
  ]
}

/** (a, b, c) behind a place, each in its own direction: a is behind, or a is equal and (b, c) behind. */
function behind(columns: readonly SortColumn[], place: Place): Prisma.Sql {
  return columns.reduceRight((rest, { name, type, isFalling }, index) => {
    const value = place[index] ?? ''
    const text = typeof value === 'string' ? value : String(fromWireNumber(value))
    const given = Prisma.sql`${text}::${Prisma.raw(type === 'time' ? 'float8' : type)}`
    const further = Prisma.sql`${name} ${Prisma.raw(isFalling ? '<' : '>')} ${given}`
    return Prisma.sql`(${further} OR (${name} = ${given} AND ${rest}))`
  }, Prisma.sql`false`)
}

function decodeCursor(text: string, hash: string, columns: readonly SortColumn[]): Place {
  const refusal = new KirokuError({
    code: 'BAD_REQUEST',
    message: 'cursor: it is not the nextCursor of a page of this order',
  })
  const parsed = cursorSchema.safeParse(parseJson(Buffer.from(text, 'base64url').toString('utf8')))
  if (!parsed.success || parsed.data.order !== hash || parsed.data.place.length !== columns.length) throw refusal
  return columns.map(({ type }, index) => {
    const value = valueSchemas[type].safeParse(parsed.data.place[index])
    if (!value.success) throw refusal
    return value.data
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
