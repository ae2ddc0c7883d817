import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { FileFacts } from '@kiroku/core/files'
import { newWriterId } from '@kiroku/core/ids'
import { consoleFlags, filesDirectoryName, logFileName, recordKinds, rowFlags, updateFlags } from '../src/log/format.ts'
import { LogWriter } from '../src/log/log-writer.ts'
import { RecordEncoder } from '../src/log/record-encoder.ts'
import type { LogHeaderInput, LogUpdate } from '../src/log/schemas.ts'

/** Writes a run's log record by record. */
export class LogFile {
  readonly directory: string
  readonly path: string
  readonly #log: LogWriter
  readonly #encoder = new RecordEncoder()
  #keys = 0

  /** Begins the log of run `r` of project `p` in an existing directory. */
  constructor(
    directory: string,
    {
      create,
      ...header
    }: { create?: Partial<LogHeaderInput['create']> } & Partial<Omit<LogHeaderInput, 'create'>> = {},
  ) {
    this.directory = directory
    this.path = join(directory, logFileName)
    this.#log = new LogWriter(this.path)
    const begun = { project: 'p', run: 'r', writer: newWriterId(), startedAt: 0, ...create }
    this.#put(this.#encoder.json(recordKinds.header, { v: 1, url: null, ...header, create: begun }))
  }

  /** A row of metrics `a`, or of texts, as one call of `log()`. */
  row(step: number, { isExplicit = false, commits = true, value = step } = {}): this {
    if (this.#keys === 0) this.#put(this.#encoder.key(0, this.#keys++, 'a'))
    const flags = (commits ? rowFlags.commits : 0) | (isExplicit ? rowFlags.explicit : 0)
    const [values, keys] = [Float64Array.of(value), Uint32Array.of(0)]
    this.#put(this.#encoder.row({ flags, step, time: step, count: 1, values, keys, texts: [] }))
    return this
  }

  /** A row of one metric of any name. */
  named(name: string, step: number): this {
    const key = this.#keys++
    this.#put(this.#encoder.key(0, key, name))
    const [values, keys] = [Float64Array.of(step), Uint32Array.of(key)]
    this.#put(this.#encoder.row({ flags: rowFlags.commits, step, time: step, count: 1, values, keys, texts: [] }))
    return this
  }

  /** Rows of the steps from `from` on. */
  rows(count: number, from = 0): this {
    for (let step = from; step < from + count; step++) this.row(step)
    return this
  }

  /** Where the run begins, as the script knew it. */
  start(step: number): this {
    this.#put(this.#encoder.json(recordKinds.start, { step }))
    return this
  }

  /** A piece that was printed. */
  print(text: string | Uint8Array, { isError = false, time = 1 } = {}): this {
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
    const payload = new Uint8Array(16 + bytes.length)
    const view = new DataView(payload.buffer)
    view.setUint8(0, recordKinds.console)
    view.setUint8(1, isError ? consoleFlags.stderr : 0)
    view.setUint32(4, bytes.length, true)
    view.setFloat64(8, time, true)
    payload.set(bytes, 16)
    this.#put(payload)
    return this
  }

  /** An update. */
  update(update: LogUpdate): this {
    this.#put(this.#encoder.json(recordKinds.update, update, update.type === 'finish' ? updateFlags.finishes : 0))
    return this
  }

  /** A file of the run, with its content on disk. */
  file(path: string, content: string): this {
    const at = join(this.directory, filesDirectoryName, path)
    mkdirSync(dirname(at), { recursive: true })
    writeFileSync(at, content)
    return this.update({ type: 'file', ...factsOf(path, content) })
  }

  /** The end of the run. */
  finish(): this {
    return this.update({ type: 'finish', state: 'finished', exitCode: 0, time: 9 })
  }

  /** Writes what waits. */
  flush(): this {
    this.#log.flush()
    return this
  }

  /** Closes the log. */
  close(): void {
    this.#log.close()
  }

  #put(payload: Uint8Array | undefined): void {
    if (payload === undefined) throw new Error('a record is too long')
    this.#log.append(payload)
  }
}

/** What a file update tells of a content. */
export function factsOf(path: string, content: string): FileFacts {
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { path, sha256, size: Buffer.byteLength(content), mime: 'text/plain' }
}
