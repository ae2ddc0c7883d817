import { type WireRecord, wireRecordSchema, wireValueSchema } from '@kiroku/core/values'
import type { RunEntry, RunsWanted, SqlRun, SqlRunId } from '@kiroku/metric-store'
import * as z from 'zod'
import type { Database } from '../../database/database.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import type { ProjectScope } from '../../http/scopes.ts'

/** The runs of one project as users' queries see them: those that are not deleted, newest first. */
export type SqlRepository = {
  /** Which UUIDs they have. */
  ids(scope: ProjectScope): Promise<SqlRunId[]>
  /** All of them, with what is wanted of each. */
  rows(scope: ProjectScope, wanted: RunsWanted): Promise<SqlRun[]>
  /** Config and summary of the newest. */
  documents(scope: ProjectScope, limit: number): Promise<{ config: WireRecord; summary: WireRecord }[]>
}

const milliseconds = z.date().transform((date) => date.getTime())
const idRowsSchema = z.array(z.object({ id: z.string(), run: z.string() }))
const rowsSchema = z.array(
  z.object({
    id: z.string(),
    run: z.string(),
    name: z.string(),
    state: z.string(),
    group: z.string().nullable(),
    jobType: z.string().nullable(),
    tags: z.array(z.string()),
    notes: z.string().nullable(),
    config: z.string(),
    summary: z.string(),
    createdAt: milliseconds,
    startedAt: milliseconds,
    finishedAt: milliseconds.nullable(),
    heartbeatAt: milliseconds,
    exitCode: z.number().nullable(),
    lastStep: z.number().nullable(),
    entries: z.array(wireValueSchema),
  }),
)
const documentsSchema = z.array(z.object({ config: wireRecordSchema, summary: wireRecordSchema }))

/** Reads runs from PostgreSQL. */
export function createSqlRepository({ prisma }: Database): SqlRepository {
  return {
    async ids(scope) {
      const rows = await prisma.$queryRaw`
        SELECT id::text, slug AS run FROM run WHERE project_id = ${scope.projectId}::uuid AND deleted_at IS NULL
        ORDER BY created_at DESC, id DESC`
      return idRowsSchema.parse(rows)
    },

    async rows(scope, { config, summary, entries }) {
      const whole = (isWanted: boolean, column: Prisma.Sql): Prisma.Sql => (isWanted ? column : Prisma.sql`''`)
      const values =
        entries.length === 0
          ? Prisma.sql`'[]'::jsonb`
          : Prisma.sql`to_jsonb(ARRAY[${Prisma.join(entries.map(entryValue))}])`
      const rows = await prisma.$queryRaw`
        SELECT id::text, slug AS run, display_name AS name, state::text, run_group AS "group", job_type AS "jobType", tags, notes,
          ${whole(config, Prisma.sql`config::text`)} AS config, ${whole(summary, Prisma.sql`summary::text`)} AS summary,
          created_at AS "createdAt", started_at AS "startedAt", finished_at AS "finishedAt", heartbeat_at AS "heartbeatAt",
          exit_code AS "exitCode", last_step AS "lastStep", ${values} AS entries
        FROM run WHERE project_id = ${scope.projectId}::uuid AND deleted_at IS NULL
        ORDER BY created_at DESC, id DESC`
      return rowsSchema.parse(rows)
    },

    async documents(scope, limit) {
      const rows = await prisma.run.findMany({
        where: { projectId: scope.projectId, deletedAt: null },
        select: { config: true, summary: true },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: limit,
      })
      return documentsSchema.parse(rows)
    },
  }
}

/** A summary is flat; of a config an entry is nested, or has dots in its own name. */
function entryValue({ of, path }: RunEntry): Prisma.Sql {
  const keys = path.map((key) => (key.startsWith('$') ? `$${key}` : key))
  const flat = keys.join('.')
  return of === 'summary'
    ? Prisma.sql`summary -> ${flat}::text`
    : Prisma.sql`coalesce(config #> ${keys}::text[], config -> ${flat}::text)`
}
