import { join } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import { stateOfExitCode } from '@kiroku/core/runs'
import type { WireRecord } from '@kiroku/core/values'
import { ConsoleLines } from '@kiroku/sdk/sync'
import { type ExtendedRecord, isExtendedRecord } from '@kiroku/wandb-format/extended-json'
import { readHistoryRow } from '@kiroku/wandb-format/history-row'
import { isMedia } from '@kiroku/wandb-format/media-values'
import { toDefinition } from '@kiroku/wandb-format/metric-definitions'
import { splitConfig } from '@kiroku/wandb-format/run-config'
import { readSystemRow } from '@kiroku/wandb-format/system-metrics'
import { toWireKey, toWireValue } from '@kiroku/wandb-format/wire'
import { RecordStream } from '../import/record-stream.ts'
import type { ServerClient } from '../server-client.ts'
import { type LogContent, streamed } from './log-record.ts'
import { MediaReader } from './logged-media.ts'
import { NewLines } from './new-lines.ts'
import { type Item, recordOf } from './record-items.ts'
import { type LocalFile, type RunFiles, readRunFiles, uploadFiles } from './run-files.ts'
import type { StartedRun } from './run-start.ts'
import { startOf } from './run-start.ts'
import { type NumberedRecord, readNumberedRecords, type ScannedLog } from './scan-log.ts'
import { summaryByHand } from './summary-by-hand.ts'

/** What came of a log. */
export type SentLog = {
  /** The server had all of it. */
  isKnown: boolean
  rows: number
  files: number
  rejected: string[]
  problems: string[]
}

/**
 * The numbers that each record of a log takes in the run's stream, so that a log which has grown goes on after what the server
 * has: the record itself, then files that are new, and from the middle on the end of the run, which the next record overtakes.
 */
const numbersPerRecord = 2 ** 20
const endNumber = 2 ** 19
const consoleBytesPerBatch = 1024 * 1024

/** Sends a log that is scanned to its run. The same log gives the same numbers, so that what the server has is passed over. */
export async function sendLog(
  client: ServerClient,
  log: ScannedLog,
  run: StartedRun,
  onRead: (bytes: number) => void,
): Promise<SentLog> {
  const files = await readRunFiles(join(log.file.directory, 'files'), { withConsole: !log.hasOutput })
  await uploadFiles(client, files.byPath.values())
  const sender = new LogSender(client, log, run, files)
  const records = readNumberedRecords(log.file.path, { size: log.size, onRead, wanted: streamed })
  for await (const record of records) await sender.send(record)
  return sender.end()
}

class LogSender {
  readonly #client: ServerClient
  readonly #log: ScannedLog
  readonly #run: StartedRun
  readonly #files: RunFiles
  readonly #stream: RecordStream
  readonly #media: MediaReader
  readonly #console = new ConsoleLines()
  /** What is added to steps: a run that went on offline did not know where. */
  readonly #shift: number
  readonly #newLines: NewLines
  readonly #closedAt: number
  #time: number
  #step = -1
  #rows = 0
  #refused = 0

  constructor(client: ServerClient, log: ScannedLog, run: StartedRun, files: RunFiles) {
    this.#client = client
    this.#log = log
    this.#run = run
    this.#files = files
    const target = { project: run.project, run: run.run, writer: run.writer, ackSeq: run.ackSeq }
    this.#stream = new RecordStream((batch) => client.ingest(batch), target)
    this.#media = new MediaReader(client, files.byPath)
    const isBefore = log.isOffline && (log.firstStep ?? 0) < run.startingStep
    this.#shift = run.known?.shift ?? (isBefore ? run.startingStep : 0)
    this.#newLines = new NewLines(run.known?.lines)
    this.#closedAt = log.lastRecord * numbersPerRecord + endNumber
    this.#time = startOf(log)
  }

  async send({ number, content }: NumberedRecord): Promise<void> {
    const seq = number * numbersPerRecord
    if (this.#stream.isFull || this.#console.bytes > consoleBytesPerBatch) await this.#flush()
    if (content.kind === 'output') {
      this.#time = content.time ?? this.#time
      this.#stream.numberAs(seq)
      // Lines that are there are counted, also those that an import passed over.
      const isWanted = seq > this.#run.ackSeq || this.#run.known?.lines !== undefined
      const piece = { seq, time: this.#time, isWanted }
      this.#console.write(content.stream, content.bytes, piece)
    } else if (content.kind === 'history') {
      this.#stream.numberAs(seq)
      await this.#row(content, seq > this.#run.ackSeq)
    } else if (seq > this.#run.ackSeq) {
      this.#stream.numberAs(seq)
      await this.#other(content)
    }
  }

  async #row({ items, step }: Extract<LogContent, { kind: 'history' }>, isWanted: boolean): Promise<void> {
    const record = recordIfAny(items)
    if (record === undefined) return
    const row = readHistoryRow(record)
    this.#step = row.step ?? step ?? this.#step + 1
    this.#time = row.time ?? this.#time
    if (!isWanted) return
    const at = { step: this.#step + this.#shift, time: this.#time }
    this.#rows++
    this.#refused += row.refused.length
    for (const [metric, value] of row.numbers) this.#stream.point('history', metric, at.step, at.time, value)
    for (const [metric, value] of row.texts) await this.#stream.text({ ...at, metric, value })
    for (const [metric, record] of row.media) {
      const { value, added } = await this.#media.read(metric, record)
      for (const file of added) await this.#stream.update({ type: 'file', ...file })
      await this.#stream.text({ ...at, metric, value })
    }
  }

  async #other(content: LogContent): Promise<void> {
    if (content.kind === 'metric') {
      const definition = toDefinition(content.metric, content.overwrite)
      if (definition) await this.#stream.update({ type: 'define', definition })
    } else if (content.kind === 'system') {
      const time = content.time ?? this.#time
      const { numbers } = readSystemRow(recordIfAny(content.items) ?? {})
      for (const [metric, value] of numbers) this.#stream.point('system', metric, time, time, value)
    }
  }

  async #flush(): Promise<void> {
    for (const line of this.#console.take())
      if (this.#newLines.has(line) && line.seq > this.#run.ackSeq) await this.#stream.line(line)
    await this.#stream.flush()
  }

  /** Sends the files that the run has not yet, and at last what it was and how it ended, if that is new. */
  async end(): Promise<SentLog> {
    await this.#flush()
    const isClosed = this.#run.ackSeq >= this.#closedAt
    const missing = await this.#missingFiles()
    let seq = Math.max(this.#log.lastRecord * numbersPerRecord, this.#run.ackSeq)
    for (const { source: _source, ...file } of missing) {
      this.#stream.numberAs(++seq)
      await this.#stream.update({ type: 'file', ...file })
      if (this.#stream.isFull) await this.#stream.flush()
    }
    if (!isClosed || missing.length > 0) {
      this.#stream.numberAs(isClosed ? seq + 1 : this.#closedAt)
      await this.#close()
    }
    await this.#stream.finish()
    return {
      isKnown: isClosed && missing.length === 0,
      rows: this.#rows,
      files: missing.length,
      rejected: this.#stream.rejected.map(({ metric, reason }) => `${metric}: ${reason}`),
      problems: this.#problems(),
    }
  }

  async #missingFiles(): Promise<LocalFile[]> {
    const all = [...this.#files.byPath.values()]
    if (all.length === 0) return []
    const { organization, project, run } = this.#run
    const stored = await this.#client.files({ organization, project, run })
    const known = new Map(stored.map((file) => [file.path, file]))
    // Later logs of the run have files of the same names, which are not replaced by older ones.
    return all.filter(({ path, sha256, createdAt }) => {
      const there = known.get(path)
      return there === undefined || (there.sha256 !== sha256 && there.createdAt < createdAt)
    })
  }

  async #close(): Promise<void> {
    const { config: tree, exitCode, lastTime } = this.#log
    const { _wandb, ...user } = tree
    const config: WireRecord = splitConfig(
      Object.fromEntries(Object.entries(user).map(([key, value]) => [key, { value }])),
    ).config
    if (Object.keys(config).length > 0) await this.#stream.update({ type: 'config', set: config })
    const { entries, unset } = summaryByHand(this.#log)
    const set: WireRecord = {}
    for (const [name, value] of entries) {
      const media = isExtendedRecord(value) && isMedia(value) ? await this.#media.read(name, value) : null
      for (const file of media?.added ?? []) await this.#stream.update({ type: 'file', ...file })
      const wire = media === null ? toWireValue(value) : media.value
      Object.defineProperty(set, toWireKey(name), { value: wire, enumerable: true, configurable: true, writable: true })
    }
    if (entries.size > 0 || unset.length > 0) await this.#stream.update({ type: 'summary', set, unset })
    const state = exitCode === null ? 'crashed' : stateOfExitCode(exitCode)
    await this.#stream.update({ type: 'finish', state, exitCode, time: lastTime ?? startOf(this.#log) })
  }

  #problems(): string[] {
    const problems = [...new Set([...this.#run.problems, ...this.#files.problems, ...this.#media.problems])]
    if (this.#refused > 0) problems.push(`${this.#refused} values of metrics with empty or overlong names are left out`)
    return problems
  }
}

/** The record that items make; undefined where one is no JSON, which the scan counted. */
function recordIfAny(items: readonly Item[]): ExtendedRecord | undefined {
  try {
    return recordOf(items)
  } catch (cause) {
    if (cause instanceof KirokuError) return undefined
    throw cause
  }
}
