import { KirokuError } from '@kiroku/core/errors'
import type { RunPage, runListInputSchema } from '@kiroku/core/queries'
import * as z from 'zod'
import { Prisma, type PrismaClient } from '../../generated/prisma/client.ts'
import type { ProjectScope } from '../../http/scopes.ts'
import { includedInRun, toRun } from './run-row.repository.ts'

const cursorSchema = z.object({ createdAt: z.iso.datetime(), id: z.uuid() })
const idRowsSchema = z.array(z.object({ id: z.string() }))
const countRowsSchema = z.array(z.object({ total: z.coerce.number() }))

/** One page of a project's runs, newest first. Throws BAD_REQUEST for a cursor that no page answered. */
export async function readRunPage(
  prisma: PrismaClient,
  scope: ProjectScope,
  input: z.output<typeof runListInputSchema>,
  aliveMs: number,
): Promise<RunPage> {
  const conditions = conditionsOf(scope, input)
  const after = input.cursor === undefined ? [] : [afterCursor(input.cursor)]
  const [ids, counts] = await Promise.all([
    prisma.$queryRaw`SELECT id FROM run WHERE ${Prisma.join([...conditions, ...after], ' AND ')}
      ORDER BY created_at DESC, id DESC LIMIT ${input.limit + 1}`,
    prisma.$queryRaw`SELECT count(*) AS total FROM run WHERE ${Prisma.join(conditions, ' AND ')}`,
  ])
  const found = idRowsSchema.parse(ids).map(({ id }) => id)
  const rows = await prisma.run.findMany({
    where: { projectId: scope.projectId, id: { in: found.slice(0, input.limit) } },
    include: includedInRun,
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
  })
  const last = rows.at(-1)
  return {
    runs: rows.map((row) => toRun(scope, row, aliveMs)),
    total: countRowsSchema.parse(counts)[0]?.total ?? 0,
    nextCursor:
      found.length > input.limit && last
        ? encodeCursor({ createdAt: last.createdAt.toISOString(), id: last.id })
        : null,
  }
}

function conditionsOf(scope: ProjectScope, input: z.output<typeof runListInputSchema>): Prisma.Sql[] {
  const conditions = [Prisma.sql`project_id = ${scope.projectId}::uuid`, Prisma.sql`deleted_at IS NULL`]
  if (input.states !== undefined) conditions.push(Prisma.sql`state::text = ANY(${input.states})`)
  if (input.tags !== undefined) conditions.push(Prisma.sql`tags @> ${input.tags}::text[]`)
  if (input.group !== undefined) conditions.push(Prisma.sql`run_group = ${input.group}`)
  if (input.search) {
    const pattern = `%${input.search.replaceAll(/[\\%_]/g, '\\$&')}%`
    conditions.push(
      Prisma.sql`(slug ILIKE ${pattern} OR display_name ILIKE ${pattern} OR run_group ILIKE ${pattern}
        OR EXISTS (SELECT FROM unnest(tags) AS tag WHERE tag ILIKE ${pattern}))`,
    )
  }
  return conditions
}

function encodeCursor(cursor: z.infer<typeof cursorSchema>): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url')
}

function afterCursor(text: string): Prisma.Sql {
  const { createdAt, id } = decodeCursor(text)
  return Prisma.sql`(created_at, id) < (${createdAt}::timestamptz, ${id}::uuid)`
}

function decodeCursor(text: string): z.infer<typeof cursorSchema> {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
  } catch (cause) {
    throw new KirokuError({ code: 'BAD_REQUEST', message: 'cursor: it is not the nextCursor of a page', cause })
  }
}
