import { KirokuError } from '@kiroku/core/errors'
import { withLiterals } from '../engine/literals.ts'
import type { AstNode } from './ast.ts'
import { findKnownValues } from './known-values.ts'
import { maxStatementBytes } from './protection.ts'
import { runRows } from './run-rows.ts'
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

/**
 * The tables that a query names as a WITH clause in front of it, each holding what is the project's alone, and `run` as the name that a
 * user knows. Deleted runs are not there.
 */
export async function tablesFor(
  { project, runs }: UserQuery,
  database: string,
  { tree, tokens }: { tree: AstNode; tokens: readonly Token[] },
): Promise<string> {
  const parts: string[] = []
  const names = (['points', 'texts', 'console'] as const).filter((name) => mentions(tokens, name))
  const ids = names.length > 0 ? await runs.ids() : []
  for (const name of names) {
    const known = findKnownValues(tree, tokens, { table: name, column: 'run' })
    const metrics = name === 'console' ? undefined : findKnownValues(tree, tokens, { table: name, column: 'metric' })
    const asked = known === undefined ? ids : ids.filter(({ run }) => known.includes(run))
    parts.push(
      `${name} AS (${storedTable(project, `${database}.${name}`, { name, runs: asked, isFew: known !== undefined, metrics })})`,
    )
  }
  if (mentions(tokens, 'runs')) {
    const wanted = wantedOfRuns(tokens)
    const { select, rows } = runRows(await runs.rows(wanted), wanted.entries)
    if (rows.length > maxStatementBytes / 2) throw tooManyRuns(rows.length)
    parts.push(`runs AS (${withLiterals(select, { rows })})`)
  }
  return parts.length === 0 ? '' : `WITH ${parts.join(', ')} `
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
