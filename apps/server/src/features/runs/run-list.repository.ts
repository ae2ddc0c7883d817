import { KirokuError } from '@kiroku/core/errors'
import type { RunPage, runListInputSchema } from '@kiroku/core/queries'
import { pathsOfFilter, type RunFilter } from '@kiroku/core/run-filters'
import * as z from 'zod'
import type { Connection, Database } from '../../database/database.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { ProjectScope } from '../../http/scopes.ts'
import { readListedRuns } from './listed-runs.repository.ts'
import { conditionSql } from './run-conditions.repository.ts'
import { orderSql, type Place } from './run-order.repository.ts'
import { toRun } from './run-row.repository.ts'
import { fieldSql, runValuesSql } from './run-values.repository.ts'

type ListInput = z.output<typeof runListInputSchema>

/** A filter that takes longer is given up. */
const listTimeoutMs = 20_000

/** What a project's runs are kept in: how many in chunks, how many left theirs, how many are in none. */
const holdingsSchema = z.tuple([z.object({ chunked: z.number(), gaps: z.number(), loose: z.number() })])
type Holdings = z.infer<typeof holdingsSchema>[0]
const idRowsSchema = z.array(z.looseObject({ id: z.string() }))
const countRowsSchema = z.tuple([z.object({ total: z.number() })])

/**
 * One page of a project's runs, in the order that is asked for, and how many match. Throws BAD_REQUEST for a cursor that no
 * page of the order answered and for a malformed pattern, TOO_LARGE when it takes too long.
 */
export async function readRunPage(
  database: Database,
  scope: ProjectScope,
  input: ListInput,
  aliveMs: number,
): Promise<RunPage> {
  const filter = filterOf(input)
  const { ids, nextCursor, total } =
    filter === null ? await readSorted(database, scope, input) : await readFiltered(database, scope, filter, input)
  // What only the runs of the page have is read when it is known which they are.
  const byId = await readListedRuns(database, scope, ids, input.columns)
  return {
    runs: ids.flatMap((id) => {
      const row = byId.get(id)
      return row === undefined ? [] : [toRun(scope, row, aliveMs)]
    }),
    total,
    nextCursor,
  }
}

/** All that a list is asked for as one filter; null for all runs. */
function filterOf({ states, tags, group, search, filter }: ListInput): RunFilter | null {
  const filters: RunFilter[] = []
  if (states !== undefined) filters.push({ op: 'in', path: 'state', values: states })
  for (const tag of tags ?? []) filters.push({ op: 'eq', path: 'tags', value: tag })
  if (group !== undefined) filters.push({ op: 'eq', path: 'group', value: group })
  if (search)
    filters.push({
      op: 'or',
      filters: (['slug', 'displayName', 'group', 'tags'] as const).map((path) => ({
        op: 'contains',
        path,
        text: search,
      })),
    })
  if (filter !== undefined) filters.push(filter)
  return filters.length === 0 ? null : { op: 'and', filters }
}

type FoundPage = { ids: string[]; nextCursor: string | null }
type CountedPage = FoundPage & { total: number }

/** A page of all runs, how many of which there are is known without counting. */
function readSorted(database: Database, scope: ProjectScope, input: ListInput): Promise<CountedPage> {
  return inSnapshot(database, async (connection) => {
    const holdings = await readHoldings(connection, scope)
    const page = await findPage(connection, scope, holdings, { filter: null, input })
    return { ...page, total: holdings.chunked - holdings.gaps + holdings.loose }
  })
}

/** A page and the count of what matches, at the same time. */
async function readFiltered(
  database: Database,
  scope: ProjectScope,
  filter: RunFilter,
  input: ListInput,
): Promise<CountedPage> {
  const [page, total] = await Promise.all([
    inSnapshot(database, async (connection) =>
      findPage(connection, scope, await readHoldings(connection, scope), { filter, input }),
    ),
    inSnapshot(database, async (connection) =>
      countRuns(connection, scope, await readHoldings(connection, scope), filter),
    ),
  ])
  return { ...page, total }
}

async function findPage(
  connection: Connection,
  scope: ProjectScope,
  holdings: Holdings,
  { filter, input: { order, cursor, limit } }: { filter: RunFilter | null; input: ListInput },
): Promise<FoundPage> {
  const isNewestFirst = order.length === 0 && filter === null
  const paths = [
    'createdAt' as const,
    ...order.map(({ path }) => path),
    ...(filter === null ? [] : pathsOfFilter(filter)),
  ]
  const values = runValuesSql(scope, paths, holdings)
  const sorted = orderSql(order, values)
  const place = cursor === undefined ? null : sorted.placeOf(cursor)
  const found = idRowsSchema.parse(
    await ask(
      connection,
      isNewestFirst
        ? newestSql(scope, place, limit + 1)
        : Prisma.sql`SELECT * FROM (SELECT ${sorted.select} FROM ${values.from}
              WHERE ${filter === null ? Prisma.sql`true` : conditionSql(filter, values)}) AS placed
            WHERE ${place === null ? Prisma.sql`true` : sorted.behind(place)}
            ORDER BY ${sorted.orderBy} LIMIT ${limit + 1}`,
    ),
  )
  return {
    ids: found.slice(0, limit).map(({ id }) => id),
    nextCursor: found.length > limit ? sorted.cursorOf(found[limit - 1]) : null,
  }
}

/** All runs, the newest first: an index of the runs has them in this order. */
function newestSql(scope: ProjectScope, place: Place | null, limit: number): Prisma.Sql {
  const [createdAt, id] = place ?? []
  const behind =
    place === null
      ? Prisma.sql`true`
      : Prisma.sql`(r.created_at, r.id) < ('epoch'::timestamptz + ${createdAt}::float8 * interval '1 millisecond', ${id}::uuid)`
  return Prisma.sql`SELECT r.id, ${fieldSql.createdAt.number} AS created FROM run r
    WHERE r.project_id = ${scope.projectId}::uuid AND r.deleted_at IS NULL AND ${behind}
    ORDER BY r.created_at DESC, r.id DESC LIMIT ${limit}`
}

async function countRuns(
  connection: Connection,
  scope: ProjectScope,
  holdings: Holdings,
  filter: RunFilter,
): Promise<number> {
  const values = runValuesSql(scope, pathsOfFilter(filter), holdings)
  const [{ total }] = countRowsSchema.parse(
    await ask(
      connection,
      Prisma.sql`SELECT count(*)::float8 AS total FROM ${values.from} WHERE ${conditionSql(filter, values)}`,
    ),
  )
  return total
}

async function readHoldings(connection: Connection, scope: ProjectScope): Promise<Holdings> {
  const [holdings] = holdingsSchema.parse(
    await ask(
      connection,
      Prisma.sql`SELECT
        (SELECT coalesce(sum(size), 0) FROM run_chunk WHERE project_id = ${scope.projectId}::uuid)::float8 AS chunked,
        (SELECT count(*) FROM run_chunk_gap g JOIN run_chunk c ON c.id = g.chunk_id
         WHERE c.project_id = ${scope.projectId}::uuid)::float8 AS gaps,
        (SELECT count(*) FROM run WHERE project_id = ${scope.projectId}::uuid AND chunk_id IS NULL
           AND deleted_at IS NULL)::float8 AS loose`,
    ),
  )
  return holdings
}

/** Chunks change while lists are read: all statements of one answer see the same. */
function inSnapshot<T>(database: Database, work: (connection: Connection) => Promise<T>): Promise<T> {
  return database.snapshot(async (connection) => {
    await connection.query(`SET LOCAL statement_timeout = ${listTimeoutMs}`)
    return work(connection)
  })
}

const driverErrorSchema = z.object({ code: z.string(), message: z.string() })

async function ask(connection: Connection, { text, values }: Prisma.Sql): Promise<unknown[]> {
  try {
    return (await connection.query(text, values)).rows
  } catch (cause) {
    const { code, message } = driverErrorSchema.safeParse(cause).data ?? { code: '', message: '' }
    if (code === '2201B')
      throw new KirokuError({ code: 'BAD_REQUEST', message: `filter: as a pattern: ${message}`, cause })
    if (code !== '57014') throw cause
    const limit = `${listTimeoutMs / 1000} s`
    throw new KirokuError({
      code: 'TOO_LARGE',
      message: `the filter took longer than ${limit}; make it simpler`,
      cause,
    })
  }
}
