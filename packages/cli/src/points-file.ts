import { gunzipSync, gzipSync } from 'node:zlib'
import { KirokuError } from '@kiroku/core/errors'
import { pointColumns } from '@kiroku/core/export-format'
import { type Stream, streamSchema } from '@kiroku/core/history'
import type { Points } from '@kiroku/core/points'
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead, type SchemaElement } from 'hyparquet'
import { fileWriter, ParquetWriter } from 'hyparquet-writer'

/** So many points are in memory, and in a row group of the file. */
const rowsPerGroup = 250_000

const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' } as const
const schema: SchemaElement[] = [
  { name: 'root', num_children: pointColumns.length },
  { ...text, name: 'stream' },
  { ...text, name: 'metric' },
  { name: 'step', type: 'INT64', repetition_type: 'REQUIRED' },
  {
    name: 'time',
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
    repetition_type: 'REQUIRED',
  },
  { name: 'value', type: 'DOUBLE', repetition_type: 'REQUIRED' },
]

/** Points of one metric, in the order of the file. */
export type PointsPart = Points & { stream: Stream; metric: string }

/** Writes points to a Parquet file, a row group at a time. */
export class PointsFileWriter {
  readonly #writer: ParquetWriter
  #parts: PointsPart[] = []
  #rows = 0
  count = 0

  constructor(path: string) {
    const compress = (bytes: Uint8Array): Uint8Array => gzipSync(bytes, { level: 1 })
    this.#writer = new ParquetWriter({
      writer: fileWriter(path),
      schema,
      codec: 'GZIP',
      compressors: { GZIP: compress },
      createdBy: 'kiroku',
    })
  }

  async add({ stream, metric, steps, times, values }: PointsPart): Promise<void> {
    for (let from = 0; from < steps.length; ) {
      const to = Math.min(steps.length, from + rowsPerGroup - this.#rows)
      const slice = (column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => column.subarray(from, to)
      this.#parts.push({ stream, metric, steps: slice(steps), times: slice(times), values: slice(values) })
      this.#rows += to - from
      from = to
      if (this.#rows === rowsPerGroup) await this.#writeGroup()
    }
    this.count += steps.length
  }

  async finish(): Promise<void> {
    if (this.#rows > 0) await this.#writeGroup()
    await this.#writer.finish()
  }

  async #writeGroup(): Promise<void> {
    const columns = {
      stream: new Array<string>(this.#rows),
      metric: new Array<string>(this.#rows),
      step: new BigInt64Array(this.#rows),
      time: new BigInt64Array(this.#rows),
      value: new Float64Array(this.#rows),
    }
    let at = 0
    for (const { stream, metric, steps, times, values } of this.#parts) {
      const end = at + steps.length
      columns.stream.fill(stream, at, end)
      columns.metric.fill(metric, at, end)
      columns.value.set(values, at)
      for (let row = 0; row < steps.length; row++) {
        columns.step[at + row] = BigInt(steps[row] ?? 0)
        columns.time[at + row] = BigInt(times[row] ?? 0)
      }
      at = end
    }
    this.#parts = []
    this.#rows = 0
    // A dictionary of numbers would make one of 0 and -0.
    await this.#writer.write({
      columnData: [
        { name: 'stream', data: columns.stream, encoding: 'RLE_DICTIONARY' },
        { name: 'metric', data: columns.metric, encoding: 'RLE_DICTIONARY' },
        { name: 'step', data: columns.step, encoding: 'DELTA_BINARY_PACKED' },
        { name: 'time', data: columns.time, encoding: 'DELTA_BINARY_PACKED' },
        { name: 'value', data: columns.value, encoding: 'BYTE_STREAM_SPLIT' },
      ],
      rowGroupSize: rowsPerGroup,
    })
  }
}

type Group = { stream: unknown[]; metric: unknown[]; step: Float64Array; time: Float64Array; value: Float64Array }

/** Reads a file that `PointsFileWriter` wrote, a metric of a row group at a time. Throws BAD_REQUEST when it is none. */
export async function* readPointsFile(path: string): AsyncIterable<PointsPart> {
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file)
  const names = metadata.schema.slice(1).map(({ name }) => name)
  if (names.join() !== pointColumns.join()) throw wrong(path, `its columns are ${names.join()}`)
  let rowStart = 0
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows)
    const group = emptyGroup(Number(num_rows))
    const from = rowStart
    await parquetRead({
      file,
      metadata,
      rowStart,
      rowEnd,
      compressors: { GZIP: (bytes) => gunzipSync(bytes) },
      parsers: { timestampFromMilliseconds: Number },
      onChunk: (chunk) => put(group, chunk.columnName, chunk.columnData, chunk.rowStart - from),
    })
    yield* partsOf(path, group)
    rowStart = rowEnd
  }
}

function emptyGroup(rows: number): Group {
  const numbers = (): Float64Array => new Float64Array(rows).fill(Number.NaN)
  return { stream: [], metric: [], step: numbers(), time: numbers(), value: numbers() }
}

function put(group: Group, name: string, data: ArrayLike<unknown>, at: number): void {
  if (name === 'stream' || name === 'metric') {
    for (let row = 0; row < data.length; row++) group[name][at + row] = data[row]
  } else if (name === 'value' && data instanceof Float64Array) group.value.set(data, at)
  else if (name === 'step' || name === 'time')
    for (let row = 0; row < data.length; row++) group[name][at + row] = Number(data[row])
}

function* partsOf(path: string, group: Group): Iterable<PointsPart> {
  const rows = group.step.length
  for (let from = 0; from < rows; ) {
    const [name, metric] = [group.stream[from], group.metric[from]]
    let to = from + 1
    while (to < rows && group.metric[to] === metric && group.stream[to] === name) to++
    const stream = streamSchema.safeParse(name)
    if (!stream.success || typeof metric !== 'string') throw wrong(path, `it has points of ${String(name)} ${metric}`)
    yield {
      stream: stream.data,
      metric,
      steps: group.step.slice(from, to),
      times: group.time.slice(from, to),
      values: group.value.slice(from, to),
    }
    from = to
  }
}

function wrong(path: string, why: string): KirokuError {
  return new KirokuError({ code: 'BAD_REQUEST', message: `${path} has no points of an export: ${why}` })
}
