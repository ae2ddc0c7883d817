import { KirokuError } from '@kiroku/core/errors'
import { sqlLimits } from '@kiroku/core/sql'
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
  /** All of them, with what is wanted of each. Throws TOO_LARGE when that is more than a query may need. */
  rows(scope: ProjectScope, wanted: RunsWanted): Promise<SqlRun[]>
  /** Config and summary of the newest. */
  documents(scope: ProjectScope, limit: number): Promise<{ config: WireRecord; summary: WireRecord }[]>
}

const milliseconds = z.date().transform((date) => date.getTime())
const idRowsSchema = z.array(z.object({ id: z.string(), run: z.string() }))
const sizeRowsSchema = z.array(z.object({ bytes: z.coerce.number() }))
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
      const [configText, summaryText] = [
        whole(config, Prisma.sql`config::text`),
        whole(summary, Prisma.sql`summary::text`),
      ]
      const sizes = await prisma.$queryRaw`
        SELECT coalesce(sum(octet_length(${configText}) + octet_length(${summaryText}) + octet_length(${values}::text)
          + octet_length(coalesce(notes, ''))), 0) AS bytes
        FROM run WHERE project_id = ${scope.projectId}::uuid AND deleted_at IS NULL`
      checkSize(sizeRowsSchema.parse(sizes)[0]?.bytes ?? 0)
      const rows = await prisma.$queryRaw`
        SELECT id::text, slug AS run, display_name AS name, state::text, run_group AS "group", job_type AS "jobType", tags, notes,
          ${configText} AS config, ${summaryText} AS summary,
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

/** All runs of a query are in memory at once, several times. */
function checkSize(bytes: number): void {
  if (bytes <= sqlLimits.maxRunBytes) return
  const inMb = (count: number): string => `${Math.ceil(count / 1e6)} MB`
  throw new KirokuError({
    code: 'TOO_LARGE',
    message: `the query needs ${inMb(bytes)} of the project's runs, and may need ${inMb(sqlLimits.maxRunBytes)}: name the entries of config and summary that it is about, such as config.lr, and not all of them`,
  })
}

/** A summary is flat; of a config an entry is nested, or has dots in its own name. */
function entryValue({ of, path }: RunEntry): Prisma.Sql {
  const keys = path.map((key) => (key.startsWith('$') ? `$${key}` : key))
  const flat = keys.join('.')
  return of === 'summary'
    ? Prisma.sql`summary -> ${flat}::text`
    : Prisma.sql`coalesce(config #> ${keys}::text[], config -> ${flat}::text)`
}
