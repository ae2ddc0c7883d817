import { fromWire, type WireValue } from '@kiroku/core/values'
import type { RunEntry, SqlRun } from './types.ts'

/** An entry's column: `number` when every run that has it has a number or a truth value. */
type EntryColumn = { name: string; kind: 'number' | 'text'; index: number }

/** The SELECT that makes the table `runs` of one that has a `line` of JSON a run, which is SQL, and these lines. */
export type RunRows = { select(lines: string): string; rows: string }

const time = (column: string): string => `fromUnixTimestamp64Milli(${column}, 'UTC')`

/** Each column of the table: its name, how it is read of a line, and the expression over that. */
const fixed = [
  ['run', 'String', (r: string) => r],
  ['name', 'String', (r: string) => r],
  ['state', 'String', (r: string) => r],
  ['group', 'Nullable(String)', (r: string) => r],
  ['job_type', 'Nullable(String)', (r: string) => r],
  ['tags', 'Array(String)', (r: string) => r],
  ['notes', 'Nullable(String)', (r: string) => r],
  ['config', 'String', (r: string) => r],
  ['summary', 'String', (r: string) => r],
  ['created_at', 'Int64', time],
  ['started_at', 'Int64', time],
  ['finished_at', 'Nullable(Int64)', time],
  ['heartbeat_at', 'Int64', time],
  ['exit_code', 'Nullable(Int64)', (r: string) => r],
  ['last_step', 'Nullable(Int64)', (r: string) => r],
] as const

/** Whether an entry is seen as a number or as a text: by the values that runs have of it. */
export function kindOfEntry(values: Iterable<WireValue | undefined>): 'number' | 'text' | undefined {
  let kind: 'number' | 'text' | undefined
  for (const wire of values) {
    if (wire === undefined || wire === null) continue
    const value = fromWire(wire)
    if (typeof value !== 'number' && typeof value !== 'boolean') return 'text'
    kind = 'number'
  }
  return kind
}

/**
 * Runs as ClickHouse reads them. Numbers of entries go by their bits, so that they come out as they were logged. An entry that no run has
 * gets no column, so that a misspelt name is an error.
 */
export function runRows(runs: readonly SqlRun[], entries: readonly RunEntry[]): RunRows {
  const columns = entries.flatMap(({ of, path }, index): EntryColumn[] => {
    const kind = kindOfEntry(runs.map((run) => run.entries[index]))
    return kind === undefined ? [] : [{ name: [of, ...path].join('.'), kind, index }]
  })
  const members = [
    ...fixed.map(([, type]) => type),
    ...columns.map(({ kind }) => (kind === 'number' ? 'Nullable(UInt64)' : 'Nullable(String)')),
  ]
  const selected = [
    ...fixed.map(([name, , read], index) => `${read(`r.${index + 1}`)} AS ${quotedName(name)}`),
    ...columns.map(({ name, kind }, index) => {
      const member = `r.${fixed.length + index + 1}`
      return `${kind === 'number' ? `reinterpretAsFloat64(${member})` : member} AS ${quotedName(name)}`
    }),
  ]
  const structure = `Tuple(${members.map((type, index) => `m${index} ${type}`).join(', ')})`
  return {
    select: (lines) => `SELECT ${selected.join(', ')} FROM (
      SELECT JSONExtract(line, '${structure}') AS r FROM ${lines} WHERE line != '')`,
    rows: runs.map((run) => lineOf(run, columns)).join('\n'),
  }
}

/** A column's name, which a query's own token gave: it holds none of these. */
const quotedName = (name: string): string => `\`${name.replaceAll(/[`"\\]/g, '')}\``

/** One run as a JSON array, whose numbers of 64 bits are written in full. */
function lineOf(run: SqlRun, columns: readonly EntryColumn[]): string {
  const cells = [
    ...[run.run, run.name, run.state, run.group, run.jobType, run.tags, run.notes, run.config, run.summary],
    ...[run.createdAt, run.startedAt, run.finishedAt, run.heartbeatAt, run.exitCode, run.lastStep],
  ].map((value) => JSON.stringify(value))
  for (const { kind, index } of columns) {
    const value = run.entries[index]
    cells.push(value === undefined || value === null ? 'null' : kind === 'number' ? bitsOf(value) : textOf(value))
  }
  return `[${cells.join(',')}]`
}

function bitsOf(wire: WireValue): string {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, Number(fromWire(wire)))
  return String(bits.getBigUint64(0))
}

const textOf = (wire: WireValue): string => JSON.stringify(typeof wire === 'string' ? wire : JSON.stringify(wire))
