import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { KirokuError } from '@kiroku/core/errors'
import { applyDefinition, type MetricDefinition } from '@kiroku/core/metrics'
import type { WireValue } from '@kiroku/core/values'
import type { ExtendedRecord } from '@kiroku/wandb-format/extended-json'
import { readHistoryRow } from '@kiroku/wandb-format/history-row'
import { toDefinition } from '@kiroku/wandb-format/metric-definitions'
import type { LogFile } from './find-logs.ts'
import { type LogContent, type LogRecord, readLogRecord } from './log-record.ts'
import { emptyRecord, recordOf, removeAt, setItems } from './record-items.ts'
import { type LogEnd, readRecordLog } from './record-log.ts'
import type { RunFields } from './run-fields.ts'

/** A value as a row of a log has it, null where it is no number; `time` in unix milliseconds. */
export type LoggedValue = { metric: string; step: number; time: number; value: number | null }

/** What must be known of a log before its first row can be sent. Times are unix milliseconds. */
export type ScannedLog = LogEnd & {
  file: LogFile
  /** How much of it is read; it may grow meanwhile. */
  size: number
  /** SHA-256 of its beginning: that of the same file when it has grown. */
  identity: string
  /** As it was told first: who the run is, and what it goes on from. */
  first: RunFields
  /** As it was told last: its labels. */
  last: RunFields
  config: ExtendedRecord
  summary: ExtendedRecord
  /** Summary entries that were removed and did not come again. */
  removed: Set<string>
  environment: ExtendedRecord
  clientVersion: string | null
  isOffline: boolean
  isShared: boolean
  definitions: MetricDefinition[]
  /** The last value of each metric of the history; null for one that is neither number, text nor truth value. */
  latest: Map<string, number | string | boolean | null>
  firstStep: number | null
  /** Of the first and the last row with a number and a time, or, where no row has these, with any value; null where there is none. */
  firstValue: LoggedValue | null
  lastValue: LoggedValue | null
  lastTime: number | null
  hasOutput: boolean
  /** Null where the log has no end: its script died, or still runs. */
  exitCode: number | null
  /** The number of the last record. */
  lastRecord: number
  /** Records that are not imported, by what they are. */
  leftOut: Map<string, number>
  /** Records that could not be understood. */
  unreadable: number
}

const longestCompared = 4096

/** A record with its number in the log, which rises. */
export type NumberedRecord = { number: number; content: LogContent; bytes: Uint8Array }

/**
 * The records of a log, understood and numbered. The client's own numbers are kept, so that a stretch that cannot be read
 * changes none. Those that are not `wanted` come as nothing. Answers what of the file could not be read, and how many records could not be understood.
 */
export async function* readNumberedRecords(
  path: string,
  { wanted, ...options }: { size: number; onRead?: (bytes: number) => void; wanted?: ReadonlySet<number> },
): AsyncGenerator<NumberedRecord, LogEnd & { unreadable: number }, undefined> {
  let number = 0
  let unreadable = 0
  const records = readRecordLog(path, options)
  try {
    for (let next = await records.next(); ; next = await records.next()) {
      if (next.done) return { ...next.value, unreadable }
      const record = understood(next.value, wanted)
      number = record !== undefined && record.num > number ? record.num : number + 1
      if (record === undefined) unreadable++
      else yield { number, content: record.content, bytes: next.value }
    }
  } finally {
    // Who stops early leaves no open file behind.
    await records.return({ cutBytes: 0, damage: null })
  }
}

function understood(bytes: Uint8Array, wanted?: ReadonlySet<number>): LogRecord | undefined {
  try {
    return readLogRecord(bytes, wanted)
  } catch (cause) {
    if (cause instanceof RangeError) return undefined
    throw cause
  }
}

/** The run that a log is of, from its beginning. Throws NOT_FOUND when the log ends before it names one. */
export async function peekRun(file: LogFile): Promise<RunFields> {
  const { size } = await stat(file.path)
  for await (const { content } of readNumberedRecords(file.path, { size }))
    if (content.kind === 'run') return content.run
  throw noRun(file)
}

const noRun = ({ path }: LogFile): KirokuError =>
  new KirokuError({
    code: 'NOT_FOUND',
    message: `${path} names no run: its script died before it had written anything`,
  })

/** Reads a log once. Throws NOT_FOUND when it names no run. */
export async function scanLog(file: LogFile, onRead: (bytes: number, size: number) => void): Promise<ScannedLog> {
  const { size } = await stat(file.path)
  const scan = new Scan()
  const records = readNumberedRecords(file.path, { size, onRead: (bytes) => onRead(bytes, size) })
  for (let next = await records.next(); ; next = await records.next()) {
    if (next.done) return scan.ended(file, size, next.value)
    scan.take(next.value)
  }
}

/** What a value of a summary is compared by; of a long text its beginning. */
export function comparable(value: WireValue): string | boolean | null {
  if (typeof value === 'string') return value.slice(0, longestCompared)
  return typeof value === 'boolean' ? value : null
}

class Scan {
  readonly #identity = createHash('sha256').update('kiroku wandb 1 ')
  #first: RunFields | null = null
  #last: RunFields | null = null
  readonly #config = emptyRecord()
  readonly #summary = emptyRecord()
  readonly #removed = new Set<string>()
  readonly #environment = emptyRecord()
  #clientVersion: string | null = null
  #isOffline = false
  #isShared = false
  #definitions: MetricDefinition[] = []
  readonly #latest: ScannedLog['latest'] = new Map()
  #firstStep: number | null = null
  #step = -1
  #firstNumber: LoggedValue | null = null
  #lastNumber: LoggedValue | null = null
  #firstOther: LoggedValue | null = null
  #lastOther: LoggedValue | null = null
  #lastTime: number | null = null
  #hasOutput = false
  #exitCode: number | null = null
  #lastRecord = 0
  readonly #leftOut = new Map<string, number>()
  #unreadable = 0

  take({ number, content, bytes }: NumberedRecord): void {
    this.#lastRecord = number
    try {
      this.#note(content, bytes)
    } catch (cause) {
      if (!(cause instanceof KirokuError)) throw cause
      this.#unreadable++
    }
  }

  #note(content: LogContent, bytes: Uint8Array): void {
    switch (content.kind) {
      case 'run':
        if (this.#first === null) this.#identity.update(bytes)
        this.#first ??= content.run
        this.#last = content.run
        this.#told(content.run.telemetry)
        setItems(this.#config, content.run.config)
        break
      case 'config':
        setItems(this.#config, content.update)
        for (const { path } of content.remove) removeAt(this.#config, path)
        break
      case 'summary':
        for (const { path } of content.remove) {
          removeAt(this.#summary, path)
          this.#removed.add(path.join('.'))
        }
        setItems(this.#summary, content.update)
        for (const { path } of content.update) this.#removed.delete(path.join('.'))
        break
      case 'history':
        this.#row(content)
        break
      case 'system':
        recordOf(content.items)
        this.#time(content.time)
        break
      case 'output':
        this.#hasOutput = true
        this.#time(content.time)
        break
      case 'metric': {
        const definition = toDefinition(content.metric, content.overwrite)
        if (definition) this.#definitions = applyDefinition(this.#definitions, definition)
        break
      }
      case 'environment':
        Object.assign(this.#environment, content.environment)
        break
      case 'telemetry':
        this.#told(content.telemetry)
        break
      case 'exit':
        this.#exitCode = content.exitCode
        break
      case 'other':
        this.#leftOut.set(content.name, (this.#leftOut.get(content.name) ?? 0) + 1)
        break
      case 'nothing':
        break
    }
  }

  #told({ clientVersion, isOffline, isShared }: RunFields['telemetry']): void {
    this.#clientVersion = clientVersion ?? this.#clientVersion
    this.#isOffline ||= isOffline
    this.#isShared ||= isShared
  }

  #row({ items, step }: Extract<LogContent, { kind: 'history' }>): void {
    const row = readHistoryRow(recordOf(items))
    this.#firstStep ??= row.step ?? step
    this.#step = row.step ?? step ?? this.#step + 1
    this.#time(row.time)
    const [first] = row.numbers
    if (first !== undefined && row.time !== null) {
      this.#lastNumber = { metric: first[0], step: this.#step, time: row.time, value: first[1] }
      this.#firstNumber ??= this.#lastNumber
    }
    const [other] = [...row.texts.keys(), ...row.media.keys()]
    if (other !== undefined && row.time !== null) {
      this.#lastOther = { metric: other, step: this.#step, time: row.time, value: null }
      this.#firstOther ??= this.#lastOther
    }
    for (const [metric, value] of row.numbers) this.#latest.set(metric, value)
    for (const [metric, value] of row.texts) if (value !== null) this.#latest.set(metric, comparable(value))
    for (const metric of row.media.keys()) this.#latest.set(metric, null)
  }

  #time(time: number | null): void {
    if (time !== null) this.#lastTime = Math.max(this.#lastTime ?? time, time)
  }

  ended(file: LogFile, size: number, end: LogEnd & { unreadable: number }): ScannedLog {
    if (this.#first === null || this.#last === null || this.#first.id === '') throw noRun(file)
    return {
      ...end,
      file,
      size,
      identity: this.#identity.digest('hex'),
      first: this.#first,
      last: this.#last,
      config: this.#config,
      summary: this.#summary,
      removed: this.#removed,
      environment: this.#environment,
      clientVersion: this.#clientVersion,
      isOffline: this.#isOffline,
      isShared: this.#isShared,
      definitions: this.#definitions,
      latest: this.#latest,
      firstStep: this.#firstStep,
      firstValue: this.#firstNumber ?? this.#firstOther,
      lastValue: this.#lastNumber ?? this.#lastOther,
      lastTime: this.#lastTime,
      hasOutput: this.#hasOutput,
      exitCode: this.#exitCode,
      lastRecord: this.#lastRecord,
      leftOut: this.#leftOut,
      unreadable: this.#unreadable + end.unreadable,
    }
  }
}
