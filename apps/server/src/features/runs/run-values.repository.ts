import { parseRunPath, type RunField, type RunPath } from '@kiroku/core/run-paths'
import { Prisma } from '../../generated/prisma/client.ts'
import type { ProjectScope } from '../../http/scopes.ts'

type FieldSql = { number: Prisma.Sql; text: Prisma.Sql }

const none = { number: Prisma.sql`NULL::float8`, text: Prisma.sql`NULL::text` }
const numeric = (number: Prisma.Sql): FieldSql => ({ ...none, number: Prisma.sql`(${number})::float8` })
const textual = (text: Prisma.Sql): FieldSql => ({ ...none, text: Prisma.sql`'s' || ${text}` })
const time = (column: Prisma.Sql): FieldSql => numeric(Prisma.sql`extract(epoch FROM ${column}) * 1000`)

/** The fields of a run of the table `r`. */
export const fieldSql: Readonly<Record<RunField, FieldSql>> = {
  slug: textual(Prisma.sql`r.slug`),
  displayName: textual(Prisma.sql`r.display_name`),
  state: textual(Prisma.sql`r.state::text`),
  group: textual(Prisma.sql`r.run_group`),
  jobType: textual(Prisma.sql`r.job_type`),
  notes: textual(Prisma.sql`r.notes`),
  tags: { ...none, text: Prisma.sql`'l' || to_jsonb(r.tags)::text` },
  createdAt: time(Prisma.sql`r.created_at`),
  startedAt: time(Prisma.sql`r.started_at`),
  finishedAt: time(Prisma.sql`r.finished_at`),
  heartbeatAt: time(Prisma.sql`r.heartbeat_at`),
  runtimeMs: numeric(
    Prisma.sql`SELECT coalesce(max(w.runtime_before_ms + greatest(0,
        extract(epoch FROM coalesce(w.finished_at, w.heartbeat_at) - w.started_at) * 1000)), 0)
      FROM writer w WHERE w.run_id = r.id AND NOT w.is_superseded`,
  ),
  lastStep: numeric(Prisma.sql`r.last_step`),
  exitCode: numeric(Prisma.sql`r.exit_code`),
  hostname: textual(Prisma.sql`(r.host->>'hostname')`),
  commit: textual(Prisma.sql`(r.git->>'commit')`),
  branch: textual(Prisma.sql`(r.git->>'branch')`),
  sweep: textual(Prisma.sql`r.sweep`),
}

/** The columns of the runs' values at one path: a number, or a text that says its kind first; both null for nothing. */
export type ValueSql = { number: Prisma.Sql; text: Prisma.Sql }

/** Where the values at some paths are: `from` has `id` and the columns that `at` names. Runs of the project that are not deleted. */
export type RunValuesSql = { from: Prisma.Sql; at(path: RunPath): ValueSql }

/**
 * The values that a project's runs have at these paths. Those of runs that do not change any more come from the columns of
 * chunks, when there are any; those of the others from their documents.
 */
export function runValuesSql(
  scope: ProjectScope,
  paths: readonly RunPath[],
  holdings: { chunked: number; gaps: number },
): RunValuesSql {
  const wanted = [...new Set(paths)].flatMap((path) => {
    const parts = parseRunPath(path)
    return parts === null ? [] : [{ path, parts }]
  })
  const name = (letter: string, index: number): Prisma.Sql => Prisma.raw(`${letter}${index}`)
  const columns = wanted.map((_, index) => Prisma.sql`, ${name('n', index)}, ${name('t', index)}`)
  const loose = looseRuns(scope, wanted, columns)
  const chunked = chunkedRuns(scope, wanted, columns, holdings.gaps > 0)
  return {
    from:
      holdings.chunked > 0
        ? Prisma.sql`(${chunked} UNION ALL ${loose}) AS run_values`
        : Prisma.sql`(${loose}) AS run_values`,
    at(path) {
      const index = wanted.findIndex((one) => one.path === path)
      return { number: name('n', index), text: name('t', index) }
    },
  }
}

type Wanted = { path: RunPath; parts: NonNullable<ReturnType<typeof parseRunPath>> }

const joined = (parts: readonly Prisma.Sql[]): Prisma.Sql =>
  parts.length === 0 ? Prisma.empty : Prisma.join(parts, ' ')

function looseRuns(scope: ProjectScope, wanted: readonly Wanted[], columns: readonly Prisma.Sql[]): Prisma.Sql {
  const values = wanted.map(({ parts }, index) => {
    const [number, text] = [Prisma.raw(`n${index}`), Prisma.raw(`t${index}`)]
    if (parts.source === 'run') {
      const field = fieldSql[parts.key]
      return Prisma.sql`CROSS JOIN LATERAL (SELECT ${field.number} AS ${number}, ${field.text} AS ${text}) AS ${Prisma.raw(`v${index}`)}`
    }
    // OFFSET keeps the look into the document from being done once for each use of what it finds.
    return Prisma.sql`CROSS JOIN LATERAL (SELECT run_leaf_number(leaf) AS ${number}, run_leaf_text(leaf) AS ${text} FROM
      (SELECT run_leaf_at(${parts.source === 'config' ? Prisma.sql`r.config` : Prisma.sql`r.summary`}, ${parts.key}) AS leaf OFFSET 0) AS found)
      AS ${Prisma.raw(`v${index}`)}`
  })
  return Prisma.sql`SELECT r.id${joined(columns)} FROM run r ${joined(values)}
    WHERE r.project_id = ${scope.projectId}::uuid AND r.chunk_id IS NULL AND r.deleted_at IS NULL`
}

function chunkedRuns(
  scope: ProjectScope,
  wanted: readonly Wanted[],
  columns: readonly Prisma.Sql[],
  hasGaps: boolean,
): Prisma.Sql {
  const tables = wanted.map(({ parts }, index) => {
    const table = Prisma.raw(`k${index}`)
    return Prisma.sql`LEFT JOIN run_column ${table} ON ${table}.chunk_id = c.id AND ${table}.source = ${parts.source}
      AND ${table}.key_hash = md5(${parts.key}::text)::uuid`
  })
  const arrays = wanted.map((_, index) => Prisma.raw(`, k${index}.numbers, k${index}.texts`))
  const gone = hasGaps
    ? Prisma.sql`AND NOT EXISTS (SELECT FROM run_chunk_gap g WHERE g.chunk_id = c.id AND g.run_id = u.id)`
    : Prisma.empty
  return Prisma.sql`SELECT u.id${joined(columns)} FROM run_chunk c ${joined(tables)}
    CROSS JOIN LATERAL unnest(c.runs${joined(arrays)}) AS u(id${joined(columns)})
    WHERE c.project_id = ${scope.projectId}::uuid ${gone}`
}
