import { formatBytes } from '@kiroku/core/bytes'
import { KirokuError, parseInput } from '@kiroku/core/errors'
import { organizationSlugSchema } from '@kiroku/core/ids'
import { projectPathSchema } from '@kiroku/core/projects'
import { totalBytes, type Usage, type UsageOrder, usageOf } from '@kiroku/core/usage'
import type { Environment } from './env.ts'
import { ownOrganization } from './run-address.ts'
import { connect } from './server-access.ts'
import type { ServerClient } from './server-client.ts'
import type { Terminal } from './terminal.ts'

export type UsageOptions = {
  place?: string | undefined
  url?: string | undefined
  sort: UsageOrder
  limit: number
  isJson: boolean
}

/** Shows what the projects of an organization, or the runs of a project, take. */
export async function usage(terminal: Terminal, environment: Environment, options: UsageOptions): Promise<void> {
  const client = connect(options.url, environment)
  const [organization = '', project, ...beyond] = (options.place ?? (await ownOrganization(client))).split('/')
  if (beyond.length > 0)
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `\`${options.place}\` names no place; one is an organization, or organization/project`,
    })
  const table =
    project === undefined
      ? await projectTable(client, parseInput(organizationSlugSchema, organization, 'organization'), options)
      : await runTable(client, parseInput(projectPathSchema, { organization, project }, 'place'), options)
  if (options.isJson) terminal.print(JSON.stringify(table.figures, null, 2))
  else for (const line of table.lines) terminal.print(line)
}

type Table = { figures: unknown; lines: string[] }
type Row = { name: string; isDeleted: boolean; usage: Usage }

async function projectTable(client: ServerClient, organization: string, options: UsageOptions): Promise<Table> {
  const { sort, limit } = options
  const figures = await client.organizationUsage(organization)
  const projects = figures.projects.toSorted((one, other) => usageOf(other, sort) - usageOf(one, sort))
  const rows = projects.map(
    ({ name, restorableUntil, ...usage }): Row => ({ name, isDeleted: restorableUntil !== null, usage }),
  )
  const saved = figures.total.fileBytes - figures.storedFileBytes
  const lines = describe({
    title: 'PROJECT',
    rows: rows.slice(0, limit),
    count: rows.length,
    total: figures.total,
    sort,
  })
  if (saved > 0) lines.push(`Files with the same content are stored once, which saves ${formatBytes(saved)}.`)
  return { figures: { ...figures, projects }, lines }
}

async function runTable(
  client: ServerClient,
  path: { organization: string; project: string },
  { sort, limit }: UsageOptions,
): Promise<Table> {
  const figures = await client.projectUsage({ ...path, order: sort, limit })
  const rows = figures.runs.map(
    ({ run, displayName, restorableUntil, ...usage }): Row => ({
      name: `${run}  ${displayName}`,
      isDeleted: restorableUntil !== null,
      usage,
    }),
  )
  const lines = describe({ title: 'RUN', rows, count: figures.runCount, total: figures.total, sort })
  return { figures, lines }
}

const barCells = 16
const longestName = 48

/** A table for people: a row each, its share as a bar, then the sum and what is not shown. */
export function describe(table: {
  title: string
  rows: readonly Row[]
  count: number
  total: Usage
  sort: UsageOrder
}): string[] {
  const { title, rows, count, total, sort } = table
  const largest = Math.max(0, ...rows.map(({ usage }) => usageOf(usage, sort)))
  const cells = [
    [title, '', 'TAKES', 'POINTS', 'TEXTS', 'LINES', 'FILES', ''],
    ...rows.map(({ name, isDeleted, usage }) => [
      shortened(isDeleted ? `${name} (deleted)` : name),
      bar(usageOf(usage, sort), largest),
      ...figuresOf(usage),
    ]),
    ['all', '', ...figuresOf(total)],
  ]
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  const lines = cells.map((row) =>
    row
      .map((text, column) => (column < 2 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  if (rows.length < count)
    lines.push(`${rows.length} of ${count} are shown; --limit shows more, --json with it all figures.`)
  lines.push('Counts and bytes of files are exact; ~ is an estimate by the mean size of a row.')
  return lines
}

function figuresOf(usage: Usage): string[] {
  const isEstimate = usage.pointCount + usage.textCount + usage.lineCount > 0
  const counts = [usage.pointCount, usage.textCount, usage.lineCount, usage.fileCount].map(spaced)
  const bytes = usage.fileCount > 0 ? formatBytes(usage.fileBytes) : ''
  return [`${isEstimate ? '~' : ''}${formatBytes(totalBytes(usage))}`, ...counts, bytes]
}

const spaced = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ' ')
const shortened = (name: string): string => (name.length > longestName ? `${name.slice(0, longestName - 1)}…` : name)

function bar(value: number, largest: number): string {
  const eighths = largest === 0 ? 0 : Math.ceil((8 * barCells * value) / largest)
  return '█'.repeat(Math.floor(eighths / 8)) + (['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8] ?? '')
}
