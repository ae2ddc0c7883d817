import type { MetricColumn } from '@kiroku/core/history'
import type { Engine } from './engine/engine.ts'
import { encodeNative } from './engine/native-format.ts'
import type { PointBlock, StoredText } from './types.ts'
import { wholeTime } from './whole-time.ts'

/** Points of one statement, at most, unless a single column has more: bounds the memory of an insert. */
const maxPointsPerInsert = 2_000_000
const maxTextsPerInsert = 50_000

/** One metric of one block: a row of arrays on its way to the engine, which opens it into points. */
type Entry = { block: PointBlock; metric: string; steps: Float64Array; times: Float64Array; values: Float64Array }

/** Inserts points; resolves when they are on disk. A failure may leave some of them stored: insert all again. */
export async function insertPoints(engine: Engine, blocks: readonly PointBlock[]): Promise<void> {
  let entries: Entry[] = []
  let points = 0
  const flush = async (): Promise<void> => {
    if (entries.length > 0) await insertEntries(engine, entries)
    entries = []
    points = 0
  }
  for (const block of blocks) {
    const rises = isRising(block.steps)
    for (const metric of block.metrics) {
      const entry = entryOf(block, metric, rises)
      if (entry.values.length === 0) continue
      if (points + entry.values.length > maxPointsPerInsert) await flush()
      entries.push(entry)
      points += entry.values.length
    }
  }
  await flush()
}

function insertEntries(engine: Engine, entries: readonly Entry[]): Promise<void> {
  return engine.insert({
    into: 'points (project, run, stream, metric, step, time, value, version)',
    select: `project, run, CAST(stream, 'Enum8(\\'history\\' = 0, \\'system\\' = 1)'), metric,
             toInt64(step), toInt64(round(time)), value, version`,
    structure:
      'project UUID, run UUID, stream UInt8, metric String, version UInt64, ' +
      'steps Array(Float64), times Array(Float64), "values" Array(Float64)',
    rest: 'ARRAY JOIN steps AS step, times AS time, "values" AS value',
    chunks: encodeNative(entries.length, [
      { name: 'project', type: 'UUID', values: entries.map(({ block }) => block.project) },
      { name: 'run', type: 'UUID', values: entries.map(({ block }) => block.run) },
      { name: 'stream', type: 'UInt8', values: entries.map(({ block }) => (block.stream === 'history' ? 0 : 1)) },
      { name: 'metric', type: 'String', values: entries.map(({ metric }) => metric) },
      { name: 'version', type: 'UInt64', values: entries.map(({ block }) => block.version) },
      { name: 'steps', type: 'Array(Float64)', pieces: entries.map(({ steps }) => steps) },
      { name: 'times', type: 'Array(Float64)', pieces: entries.map(({ times }) => times) },
      { name: 'values', type: 'Array(Float64)', pieces: entries.map(({ values }) => values) },
    ]),
  })
}

function entryOf(block: PointBlock, metric: MetricColumn, isStrictlyRising: boolean): Entry {
  const { rows, values } = metric
  const entry = {
    block,
    metric: metric.name,
    steps: rows === null ? block.steps : gather(block.steps, rows),
    times: rows === null ? block.times : gather(block.times, rows),
    values,
  }
  return isStrictlyRising ? entry : withoutReplaced(entry)
}

function gather(column: Float64Array, rows: Uint32Array): Float64Array {
  const picked = new Float64Array(rows.length)
  for (let index = 0; index < rows.length; index++) picked[index] = column[rows[index] ?? 0] ?? 0
  return picked
}

function isRising(steps: Float64Array): boolean {
  for (let row = 1; row < steps.length; row++) {
    if (!((steps[row] ?? 0) > (steps[row - 1] ?? 0))) return false
  }
  return true
}

/** All points of a block have one version, so where a step comes twice only its last row may reach the engine. */
function withoutReplaced(entry: Entry): Entry {
  const lastRowOfStep = new Map<number, number>()
  entry.steps.forEach((step, row) => {
    lastRowOfStep.set(step, row)
  })
  if (lastRowOfStep.size === entry.steps.length) return entry
  const rows = Uint32Array.from(lastRowOfStep.values())
  return {
    ...entry,
    steps: gather(entry.steps, rows),
    times: gather(entry.times, rows),
    values: gather(entry.values, rows),
  }
}

/** Inserts texts; resolves when they are on disk. */
export async function insertTexts(engine: Engine, texts: readonly StoredText[]): Promise<void> {
  for (let from = 0; from < texts.length; from += maxTextsPerInsert) {
    const part = lastOfEachKey(texts.slice(from, from + maxTextsPerInsert))
    await engine.insert({
      into: 'texts (project, run, metric, step, time, value, version)',
      select: 'project, run, metric, step, time, value, version',
      structure: 'project UUID, run UUID, metric String, step Int64, time Int64, value String, version UInt64',
      chunks: encodeNative(part.length, [
        { name: 'project', type: 'UUID', values: part.map(({ project }) => project) },
        { name: 'run', type: 'UUID', values: part.map(({ run }) => run) },
        { name: 'metric', type: 'String', values: part.map(({ metric }) => metric) },
        { name: 'step', type: 'Int64', values: part.map(({ step }) => step) },
        { name: 'time', type: 'Int64', values: part.map(({ time }) => wholeTime(time)) },
        { name: 'value', type: 'String', values: part.map(({ value }) => JSON.stringify(value)) },
        { name: 'version', type: 'UInt64', values: part.map(({ version }) => version) },
      ]),
    })
  }
}

/** Of texts with the same key and version the last, as it is for points. */
function lastOfEachKey(texts: readonly StoredText[]): StoredText[] {
  const last = new Map<string, StoredText>()
  for (const text of texts)
    last.set(JSON.stringify([text.project, text.run, text.metric, text.step, text.version]), text)
  return [...last.values()]
}
