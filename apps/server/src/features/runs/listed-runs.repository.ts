import { parseRunPath, type RunPath } from '@kiroku/core/run-paths'
import * as z from 'zod'
import type { Database } from '../../database/database.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { ProjectScope } from '../../http/scopes.ts'
import { includedInRun, type RunRow } from './run-row.repository.ts'

const partRowsSchema = z.array(z.object({ id: z.string(), config: z.json(), summary: z.json() }))

/**
 * The rows of these runs, by id, those that are deleted left out; with `columns` only these of config and summary, under flat dotted
 * names.
 */
export async function readListedRuns(
  { prisma }: Database,
  scope: ProjectScope,
  ids: string[],
  columns: readonly RunPath[] | undefined,
): Promise<Map<string, RunRow>> {
  const where = { projectId: scope.projectId, deletedAt: null, id: { in: ids } }
  if (columns === undefined)
    return new Map((await prisma.run.findMany({ where, include: includedInRun })).map((row) => [row.id, row]))
  const [rows, parts] = await Promise.all([
    prisma.run.findMany({ where, include: includedInRun, omit: { config: true, summary: true } }),
    prisma.$queryRaw`SELECT r.id, ${partSql('config', columns)} AS config, ${partSql('summary', columns)} AS summary
      FROM run r WHERE r.project_id = ${scope.projectId}::uuid AND r.id = ANY(${ids}::uuid[])`,
  ])
  const partById = new Map(partRowsSchema.parse(parts).map(({ id, ...part }) => [id, part]))
  return new Map(rows.map((row) => [row.id, { ...row, config: {}, summary: {}, ...partById.get(row.id) }]))
}

/** The wanted part of a document, by flat dotted names in wire form. */
function partSql(source: 'config' | 'summary', columns: readonly RunPath[]): Prisma.Sql {
  const keys = columns.flatMap((path) => {
    const parts = parseRunPath(path)
    return parts?.source === source ? [parts.key] : []
  })
  return Prisma.sql`(SELECT coalesce(jsonb_object_agg(CASE WHEN left(key, 1) = '$' THEN '$' || key ELSE key END, leaf), '{}')
    FROM unnest(${keys}::text[]) AS key CROSS JOIN LATERAL run_leaf_at(${Prisma.raw(`r.${source}`)}, key) AS leaf
    WHERE leaf IS NOT NULL)`
}
