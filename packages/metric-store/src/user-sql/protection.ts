import { KirokuError } from '@kiroku/core/errors'
import { sqlLimits } from '@kiroku/core/sql'
import * as z from 'zod'
import type { Engine, Settings } from '../engine/engine.ts'
import { quoted, withLiterals } from '../engine/literals.ts'

/** The most that a statement may be: all runs of a project travel in the text of one. */
export const maxStatementBytes = 268_435_456

/**
 * Settings that a query cannot change: in `readonly` mode 1 ClickHouse takes no other ones, reads no file, address or other server by a
 * table function, and writes nothing.
 */
const fixedSettings = {
  max_execution_time: sqlLimits.maxSeconds,
  timeout_overflow_mode: 'throw',
  max_memory_usage: sqlLimits.maxMemoryBytes,
  max_result_bytes: sqlLimits.maxAnswerBytes,
  result_overflow_mode: 'throw',
  max_threads: 1,
  max_query_size: maxStatementBytes,
  max_ast_elements: 100_000,
  max_expanded_ast_elements: 1_000_000,
  max_bytes_before_external_group_by: 0,
  max_bytes_before_external_sort: 0,
  max_bytes_ratio_before_external_group_by: 0,
  max_bytes_ratio_before_external_sort: 0,
  function_range_max_elements_in_block: 10_000_000,
  allow_introspection_functions: 0,
  join_use_nulls: 1,
  union_default_mode: 'DISTINCT',
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_denormals: 1,
  output_format_json_quote_decimals: 1,
  session_timezone: 'UTC',
  readonly: 1,
} as const

const tableRowSchema = z.object({
  database: z.string(),
  table: z.string(),
  isScoped: z.coerce.number(),
  isOwn: z.coerce.number(),
})

/** What holds of a query over one project whatever its text is: the engine's settings, and the names of the store's tables. */
export type Protection = { settings: Settings; database: string; tables: ReadonlySet<string> }

/**
 * Settings under which the engine itself limits a query and leaves out every row of other projects, by a condition that it adds wherever
 * it reads one of the store's tables.
 */
export async function protect(engine: Engine, project: string, signal: AbortSignal | undefined): Promise<Protection> {
  const tables = await engine.query({ sql: tablesSql, row: tableRowSchema, signal })
  const database = tables.find(({ isOwn }) => isOwn === 1)?.database
  if (database === undefined) throw new KirokuError({ code: 'INTERNAL', message: 'the store has no tables' })
  return {
    settings: { ...fixedSettings, additional_table_filters: filtersOf(tables, project) },
    database,
    tables: new Set(tables.map(({ table }) => table)),
  }
}

/** All tables of the store's database, and of that where a server of a cluster has its own rows, and which hold rows of projects. */
const tablesSql = `SELECT database, table, max(name = 'project' AND type = 'UUID') AS isScoped,
    database = currentDatabase() AS isOwn
  FROM system.columns WHERE database IN (currentDatabase(), concat(currentDatabase(), '_local'))
  GROUP BY database, table ORDER BY table`

/** A condition for each table of the store, which the engine adds wherever it reads the table. */
function filtersOf(tables: readonly z.infer<typeof tableRowSchema>[], project: string): string {
  const own = withLiterals('project = {project:UUID}', { project })
  const filters = tables.map(({ database, table, isScoped }) => {
    const filter = isScoped === 1 ? own : '0'
    return `${quoted(`${database}.${table}`)}: ${quoted(filter)}`
  })
  return `{${filters.join(', ')}}`
}
