import { KirokuError } from '@kiroku/core/errors'
import type { Engine } from '../engine/engine.ts'
import { withLiterals } from '../engine/literals.ts'
import type { AstNode } from './ast.ts'
import { findKnownValues } from './known-values.ts'
import { maxStatementBytes } from './protection.ts'
import { runRows } from './run-rows.ts'
import { gatheredTable, type SentTable, sentLines } from './sent-tables.ts'
import type { Token } from './tokens.ts'
import type { SqlRunId, UserQuery } from './types.ts'
import { mentions, wantedOfRuns } from './wanted.ts'

const time = "fromUnixTimestamp64Milli(stored.time, 'UTC') AS time"

/** The columns of the tables that are ClickHouse's own, beside `run`. */
const stored = {
  points: `stored.metric AS metric, toString(stored.stream) AS stream, stored.step AS step, ${time}, stored.value AS value`,
  texts: `stored.metric AS metric, stored.step AS step, ${time}, stored.value AS value`,
  console: `stored.label AS label, stored.line AS line, toString(stored.stream) AS stream, ${time}, stored.text AS text`,
} as const

/** A WITH clause, which may be empty, and the tables that have to be sent with the query for it. */
export type QueryTables = { clause: string; sent: SentTable[] }

/**
 * The tables that a query names as a WITH clause in front of it, each holding what is the project's alone, and `run` as the name that a
 * user knows. Deleted runs are not there.
 */
export async function tablesFor(
  engine: Engine,
  { project, runs }: UserQuery,
  database: string,
  { tree, tokens }: { tree: AstNode; tokens: readonly Token[] },
): Promise<QueryTables> {
  const { gather } = engine
  const parts: string[] = []
  const sent: SentTable[] = []
  const names = (['points', 'texts', 'console'] as const).filter((name) => mentions(tokens, name))
  const ids = names.length > 0 ? await runs.ids() : []
  for (const name of names) {
    const known = findKnownValues(tree, tokens, { table: name, column: 'run' })
    const metrics = name === 'console' ? undefined : findKnownValues(tree, tokens, { table: name, column: 'metric' })
    const asked = known === undefined ? ids : ids.filter(({ run }) => known.includes(run))
    const rowsOf = (table: string): string =>
      storedTable(project, table, { name, runs: asked, isFew: known !== undefined, metrics })
    if (gather === null) {
      parts.push(`${name} AS (${rowsOf(`${database}.${name}`)})`)
    } else {
      const table = gatheredTable(gather, {
        name,
        rows: rowsOf(name),
        tokens,
        runs: known && asked.map(({ id }) => id),
      })
      sent.push(table)
      parts.push(`${name} AS (${table.select})`)
    }
  }
  if (mentions(tokens, 'runs')) {
    const wanted = wantedOfRuns(tokens)
    const { select, rows } = runRows(await runs.rows(wanted), wanted.entries)
    if (rows.length > maxStatementBytes / 2) throw tooManyRuns(rows.length)
    const table = gather === null ? undefined : sentLines('runs', rows)
    if (table !== undefined) sent.push(table)
    const lines =
      table === undefined
        ? withLiterals("(SELECT arrayJoin(splitByChar('\\n', {rows:String})) AS line)", { rows })
        : `(${table.select})`
    parts.push(`runs AS (${select(lines)})`)
  }
  return { clause: parts.length === 0 ? '' : `WITH ${parts.join(', ')} `, sent }
}

type StoredTable = {
  name: keyof typeof stored
  runs: readonly SqlRunId[]
  /** Whether the query asks for these runs alone. */
  isFew: boolean
  metrics: readonly string[] | undefined
}

/**
 * Rows of one table, joined with the runs of the project by their UUIDs. ClickHouse moves no condition of the query below a LIMIT: what fails
 * on a value would tell of the value, so nothing may be computed of rows of other projects, which lie in the same blocks.
 */
function storedTable(project: string, table: string, { name, runs, isFew, metrics }: StoredTable): string {
  const ofRuns = isFew ? 'AND run IN (SELECT arrayJoin({ids:Array(UUID)}))' : ''
  const ofMetrics = metrics === undefined ? '' : 'AND metric IN (SELECT arrayJoin({metrics:Array(String)}))'
  return withLiterals(
    `SELECT named.slug AS run, ${stored[name]}
     FROM (
       SELECT * FROM ${table} FINAL WHERE project = {project:UUID} ${ofRuns} ${ofMetrics} LIMIT 9223372036854775807
     ) AS stored
     INNER JOIN (
       SELECT toUUID(substring(line, 1, 36)) AS id, substring(line, 37) AS slug
       FROM (SELECT arrayJoin(splitByChar('\\n', {runs:String})) AS line) WHERE line != ''
     ) AS named ON stored.run = named.id`,
    {
      project,
      runs: runs.map(({ id, run }) => `${id}${run}`).join('\n'),
      ...(isFew && { ids: runs.map(({ id }) => id) }),
      ...(metrics !== undefined && { metrics }),
    },
  )
}

const tooManyRuns = (bytes: number): KirokuError =>
  new KirokuError({
    code: 'TOO_LARGE',
    message: `the project's runs take ${Math.round(bytes / 1e6)} MB: name the entries that you need (config.lr), not config, summary or *`,
  })
