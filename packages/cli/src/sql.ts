import { readFileSync } from 'node:fs'
import { KirokuError, parseInput } from '@kiroku/core/errors'
import { type ProjectPath, projectPathSchema } from '@kiroku/core/projects'
import { type SqlAnswer, sqlErrorDetailsSchema } from '@kiroku/core/sql'
import { isNumericType, lineAndColumn, sqlCellText, sqlCsv, sqlObjects } from '@kiroku/core/sql-text'
import type { Environment } from './env.ts'
import { ownOrganization } from './run-address.ts'
import { connect } from './server-access.ts'
import type { ServerClient } from './server-client.ts'
import type { Terminal } from './terminal.ts'

export const sqlFormats = ['table', 'csv', 'json', 'jsonl'] as const
export type SqlOptions = {
  project: string
  /** The query, or `-` to read it from standard input. */
  query: string
  format: (typeof sqlFormats)[number]
  url?: string | undefined
}

const widestCell = 60

/** Runs a query over a project and prints its answer; that there are more rows than these is told on standard error. */
export async function sql(terminal: Terminal, environment: Environment, options: SqlOptions): Promise<void> {
  const client = connect(options.url, environment)
  const query = options.query === '-' ? readFileSync(0, 'utf8') : options.query
  const path = await projectOf(client, options.project)
  const answer = await client.sql({ ...path, query }).catch((error: unknown) => {
    throw withPlace(error, query)
  })
  for (const line of linesOf(answer, options.format)) terminal.print(line)
  if (answer.hasMore)
    terminal.say(`these are the first ${answer.rows.length} rows of more: use LIMIT and OFFSET, or group`)
  else if (options.format === 'table')
    terminal.say(
      `${answer.rows.length} ${answer.rows.length === 1 ? 'row' : 'rows'} in ${Math.round(answer.elapsedMs)} ms`,
    )
}

async function projectOf(client: ServerClient, name: string): Promise<ProjectPath> {
  const [project, organization, ...more] = name.split('/').reverse()
  if (more.length > 0)
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `\`${name}\` names no project; one is PROJECT or ORG/PROJECT`,
    })
  return parseInput(
    projectPathSchema,
    { organization: organization ?? (await ownOrganization(client)), project },
    'project',
  )
}

/** The error with the line and column of the query that it is about. */
function withPlace(error: unknown, query: string): unknown {
  const details = sqlErrorDetailsSchema.safeParse(error instanceof KirokuError ? error.details : undefined)
  if (!(error instanceof KirokuError) || !details.success) return error
  const { line, column } = lineAndColumn(query, details.data.from)
  return new KirokuError({
    code: error.code,
    message: `${error.message} (line ${line}, column ${column})`,
    cause: error,
  })
}

function linesOf(answer: SqlAnswer, format: SqlOptions['format']): string[] {
  if (format === 'csv') return [sqlCsv(answer).replace(/\r\n$/, '\r')]
  if (format === 'json') return [JSON.stringify(sqlObjects(answer), null, 2)]
  if (format === 'jsonl') return sqlObjects(answer).map((row) => JSON.stringify(row))
  return table(answer)
}

/** Columns side by side, numbers to the right; a long cell is cut and ends in `…`. */
function table({ columns, rows }: SqlAnswer): string[] {
  const texts = rows.map((row) => row.map((cell) => (cell === null ? 'null' : shown(sqlCellText(cell)))))
  const widths = columns.map(({ name }, index) =>
    texts.reduce((widest, row) => Math.max(widest, row[index]?.length ?? 0), shown(name).length),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0
        return isNumericType(columns[index]?.type ?? '') ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return [
    line(columns.map(({ name }) => shown(name))),
    widths.map((width) => '─'.repeat(width)).join('  '),
    ...texts.map(line),
  ]
}

/** On one line, without what a terminal would obey. */
function shown(text: string): string {
  const plain = text.replaceAll(/\p{Cc}+/gu, ' ')
  return plain.length > widestCell ? `${plain.slice(0, widestCell - 1)}…` : plain
}
