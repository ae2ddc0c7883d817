import { controlCharacterPattern, escapeSequencePattern } from '@kiroku/core/terminal'
import * as z from 'zod'
import type { Engine, Parameters } from './engine/engine.ts'
import { encodeNative } from './engine/native-format.ts'
import type { ConsolePart, ConsoleQuery, RunKey, StoredLine } from './types.ts'
import { wholeTime } from './whole-time.ts'

const maxLinesPerInsert = 50_000
/** A line has 8192 characters at most, so a chunk stays below some 100 MB in the worst case, and far below as a rule. */
const linesPerChunk = 5000

const lineRowSchema = z.object({
  writer: z.string(),
  label: z.string().nullable(),
  line: z.coerce.number(),
  stream: z.enum(['stdout', 'stderr']),
  time: z.coerce.number(),
  text: z.string(),
  version: z.coerce.number(),
})

/** Inserts lines; resolves when they are on disk. */
export async function insertConsole(engine: Engine, lines: readonly StoredLine[]): Promise<void> {
  for (let from = 0; from < lines.length; from += maxLinesPerInsert) {
    const part = lastOfEachKey(lines.slice(from, from + maxLinesPerInsert))
    await engine.insert({
      into: 'console (project, run, writer, label, line, stream, time, text, version)',
      select: `project, run, writer, if(isLabelled = 1, label, NULL), line,
               CAST(stream, 'Enum8(\\'stdout\\' = 0, \\'stderr\\' = 1)'), time, text, version`,
      structure:
        'project UUID, run UUID, writer UUID, isLabelled UInt8, label String, line UInt64, stream UInt8, time Int64, ' +
        'text String, version UInt64',
      chunks: encodeNative(part.length, [
        { name: 'project', type: 'UUID', values: part.map(({ project }) => project) },
        { name: 'run', type: 'UUID', values: part.map(({ run }) => run) },
        { name: 'writer', type: 'UUID', values: part.map(({ writer }) => writer) },
        { name: 'isLabelled', type: 'UInt8', values: part.map(({ label }) => (label === null ? 0 : 1)) },
        { name: 'label', type: 'String', values: part.map(({ label }) => label ?? '') },
        { name: 'line', type: 'UInt64', values: part.map(({ line }) => line) },
        { name: 'stream', type: 'UInt8', values: part.map(({ stream }) => (stream === 'stdout' ? 0 : 1)) },
        { name: 'time', type: 'Int64', values: part.map(({ time }) => wholeTime(time)) },
        { name: 'text', type: 'String', values: part.map(({ text }) => text) },
        { name: 'version', type: 'UInt64', values: part.map(({ version }) => version) },
      ]),
    })
  }
}

/** Of lines with the same key and version the last, as it is for points. */
function lastOfEachKey(lines: readonly StoredLine[]): StoredLine[] {
  const last = new Map<string, StoredLine>()
  for (const line of lines) last.set([line.project, line.run, line.writer, line.line, line.version].join(), line)
  return [...last.values()]
}

/** What a reader sees of a line: a word is found whether or not its colour changes within it. */
const plainText =
  "if(match(text, {controls:String}), replaceRegexpAll(replaceRegexpAll(text, {escapes:String}, ''), {controls:String}, ''), text)"
const invisible = { escapes: escapeSequencePattern, controls: controlCharacterPattern }

type Sought = Pick<ConsoleQuery, 'search' | 'label'>

/** Which lines are meant, as a condition and its values. */
function matching({ project, run }: RunKey, { search = '', label }: Sought): { where: string; values: Parameters } {
  const conditions = ['project = {project:UUID}', 'run = {run:UUID}']
  if (search !== '') conditions.push(`positionCaseInsensitiveUTF8(${plainText}, {search:String}) > 0`)
  if (label !== undefined) conditions.push('label = {label:String}')
  return {
    where: conditions.join(' AND '),
    values: { project, run, ...(search !== '' && { search, ...invisible }), ...(label !== undefined && { label }) },
  }
}

/** Finds lines by their keys first, so that the text of those that are passed over is not sorted. */
function readLines(engine: Engine, key: RunKey, keys: string, parameters: Parameters): Promise<StoredLine[]> {
  return engine
    .query({
      sql: `SELECT writer, label, line, stream, time, text, version FROM console FINAL
            WHERE project = {project:UUID} AND run = {run:UUID} AND (writer, line) IN (${keys})
            ORDER BY time, writer, line`,
      parameters: { ...parameters, ...key },
      row: lineRowSchema,
    })
    .then((rows) => rows.map((row) => ({ project: key.project, run: key.run, ...row })))
}

async function readLabels(engine: Engine, { project, run }: RunKey): Promise<string[]> {
  const rows = await engine.query({
    sql: `SELECT DISTINCT assumeNotNull(label) AS name FROM console
          WHERE project = {project:UUID} AND run = {run:UUID} AND label IS NOT NULL ORDER BY name`,
    parameters: { project, run },
    row: z.object({ name: z.string() }),
  })
  return rows.map(({ name }) => name)
}

/** Some of the lines that match, by time, then writer and number, how many match in all, and who printed any. */
export async function readConsole(engine: Engine, key: RunKey, query: ConsoleQuery): Promise<ConsolePart> {
  const { where, values } = matching(key, query)
  const totals = await engine.query({
    sql: `SELECT count() AS total FROM console FINAL WHERE ${where}`,
    parameters: values,
    row: z.object({ total: z.coerce.number() }),
  })
  const total = totals[0]?.total ?? 0
  const labels = await readLabels(engine, key)
  if (query.from >= total) return { lines: [], total, labels }
  const lines = await readLines(
    engine,
    { project: key.project, run: key.run },
    `SELECT writer, line FROM console FINAL WHERE ${where}
     ORDER BY time, writer, line LIMIT {limit:UInt64} OFFSET {from:UInt64}`,
    { ...values, limit: query.limit, from: query.from },
  )
  return { lines, total, labels }
}

/** All lines of a run, by time, then writer and number, read a chunk at a time. */
export async function* readWholeConsole(engine: Engine, key: RunKey): AsyncIterable<StoredLine[]> {
  const { project, run } = key
  let after = ''
  let last: Parameters = {}
  for (;;) {
    const lines = await readLines(
      engine,
      { project, run },
      `SELECT writer, line FROM console FINAL
       WHERE project = {project:UUID} AND run = {run:UUID} ${after}
       ORDER BY time, writer, line LIMIT ${linesPerChunk}`,
      last,
    )
    if (lines.length > 0) yield lines
    const end = lines.at(-1)
    if (end === undefined || lines.length < linesPerChunk) return
    after = 'AND (time, writer, line) > ({lastTime:Int64}, {lastWriter:UUID}, {lastLine:UInt64})'
    last = { lastTime: end.time, lastWriter: end.writer, lastLine: end.line }
  }
}

/** All lines of one writer of a run, by number, read a chunk at a time. */
export async function* readWriterConsole(
  engine: Engine,
  { project, run, writer }: RunKey & { writer: string },
): AsyncIterable<StoredLine[]> {
  let after = ''
  let lastLine = 0
  for (;;) {
    const rows = await engine.query({
      sql: `SELECT writer, label, line, stream, time, text, version FROM console FINAL
            WHERE project = {project:UUID} AND run = {run:UUID} AND writer = {writer:UUID} ${after}
            ORDER BY line LIMIT ${linesPerChunk}`,
      parameters: { project, run, writer, ...(after !== '' && { lastLine }) },
      row: lineRowSchema,
    })
    if (rows.length > 0) yield rows.map((row) => ({ project, run, ...row }))
    const end = rows.at(-1)
    if (end === undefined || rows.length < linesPerChunk) return
    after = 'AND line > {lastLine:UInt64}'
    lastLine = end.line
  }
}
