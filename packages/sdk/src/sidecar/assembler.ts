import type { FileFacts } from '@kiroku/core/files'
import type { RunUpdate } from '@kiroku/core/history'
import { decideStep, type StepState } from '@kiroku/core/log-step'
import type { WireValue } from '@kiroku/core/values'
import { wireValueSchema } from '@kiroku/core/values'
import { consoleFlags, recordKinds, rowFlags, rowHeaderBytes } from '../log/format.ts'
import type { LogReader } from '../log/log-reader.ts'
import { readJsonRecord } from '../log/record-json.ts'
import {
  type LogFacts,
  type LogHeader,
  type LogStart,
  type LogUpdateParsed,
  logFactsSchema,
  logHeaderSchema,
  logStartSchema,
  logUpdateSchema,
} from '../log/schemas.ts'
import { BatchBuilder, type BatchContent } from './batch-builder.ts'
import { ConsoleLines } from './console-lines.ts'
import { StepSync } from './step-sync.ts'

type OpenRow = { step: number; time: number; numbers: Map<number, number>; texts: Map<number, string> }

/** Numbered records on their way to the server. */
export type Assembled = BatchContent & { firstSeq: number; lastSeq: number }

/**
 * Turns a log's records into the numbered stream that the server gets. Numbers follow from the log alone, so that
 * whoever reads it again numbers alike: a whole row is one record, whose texts share its number; so is a row of the
 * machine's metrics and an update. Calls of `log()` for one step are merged, later values standing; a row gets the
 * latest value of a step metric that its metrics are bound to and that it lacks. What was printed once is one record too,
 * whatever lines it changes.
 *
 * The steps of a script that did not know where its resumed run begins are found anew from the step that the server
 * tells; then its numbers follow from the log and that step.
 */
export class Assembler {
  readonly #builder = new BatchBuilder()
  readonly #console = new ConsoleLines()
  readonly #sync = new StepSync()
  readonly #names: string[] = []
  readonly #systemNames: string[] = []
  /** A name may begin with what elsewhere marks the order of bytes. */
  readonly #text = new TextDecoder('utf-8', { ignoreBOM: true })
  #open: OpenRow | undefined
  readonly #waiting: { update: LogUpdateParsed; bytes: number }[] = []
  #seq = 0
  #after: number
  #taken: number
  readonly #startingStep: number
  /** Where the step machine stands when it has to run again; undefined when the rows' steps are final. */
  #steps: StepState | undefined
  #hasRows = false
  header: LogHeader | undefined
  /** The files that updates since the last `take` name. */
  files: FileFacts[] = []
  /** Rows of the script that were read. */
  rows = 0
  /** Calls whose step lay before that at which the run goes on. */
  droppedCalls = 0
  /** Values whose metric's name was in a place of the log that cannot be read. */
  namelessValues = 0
  /** True once the run's end was read: the record that finishes it is the last. */
  isFinished = false

  /**
   * Numbers up to `after` are known to the server: they are counted, and not given. `startingStep` is the server's word
   * on where the run begins.
   */
  constructor(after = 0, startingStep = 0) {
    this.#after = after
    this.#taken = after
    this.#startingStep = startingStep
  }

  /** About how many bytes `take` would give. */
  get bytes(): number {
    return this.#builder.bytes + this.#console.bytes
  }

  /** The number of the last record so far. */
  get seq(): number {
    return this.#seq
  }

  /** Takes in the record that the reader stands at. A record that makes no sense is passed over. */
  accept(reader: LogReader): void {
    switch (reader.bytes[reader.start]) {
      case recordKinds.row:
        this.#row(reader)
        break
      case recordKinds.key:
        this.#key(reader)
        break
      case recordKinds.update:
        this.#update(readJsonRecord(reader, logUpdateSchema), reader.end - reader.start)
        break
      case recordKinds.header: {
        const header = readJsonRecord(reader, logHeaderSchema)
        if (header === undefined) return
        this.header = header
        const { definitions, resume, rewind, fork } = header.create
        for (const definition of definitions) this.#sync.define(definition)
        const mayGoOn = resume === 'allow' || resume === 'must' || rewind !== undefined || fork !== undefined
        if (mayGoOn) this.#steps = { step: this.#startingStep, hasRow: false }
        return
      }
      case recordKinds.facts: {
        const facts = readJsonRecord(reader, logFactsSchema)
        if (facts !== undefined) this.#number({ type: 'facts', ...facts }, reader.end - reader.start)
        return
      }
      case recordKinds.start:
        if (!this.#hasRows) this.#start(readJsonRecord(reader, logStartSchema))
        return
      case recordKinds.console:
        this.#printed(reader)
    }
  }

  /** The steps are final from here on, and step metrics go on from what the run had before. */
  #start(start: LogStart | undefined): void {
    if (start === undefined) return
    this.#steps = undefined
    for (const definition of start.definitions) this.#sync.define({ ...definition, overwrite: true })
    for (const [name, value] of Object.entries(start.latest)) this.#sync.know(name, value)
  }

  /** Ends the run in the place of its script. */
  end(finish: LogUpdateParsed & { type: 'finish' }): void {
    this.#update(finish, 0)
  }

  /** Gives the records since the last time. An open row stays until it is whole. */
  take(): Assembled {
    const firstSeq = this.#taken + 1
    this.#taken = Math.max(this.#seq, this.#after)
    this.files = []
    for (const line of this.#console.take()) this.#builder.line(line)
    return { firstSeq, lastSeq: this.#taken, ...this.#builder.take() }
  }

  #key(reader: LogReader): void {
    const id = reader.words[reader.start / 4 + 1] ?? 0
    const name = this.#text.decode(reader.bytes.subarray(reader.start + 8, reader.end))
    if ((reader.bytes[reader.start + 1] ?? 0) & rowFlags.system) {
      this.#systemNames[id] = name
    } else {
      this.#names[id] = name
      this.#sync.addKey(id, name)
    }
  }

  #printed(reader: LogReader): void {
    const from = reader.start + 16
    if (from > reader.end) return
    const length = reader.words[reader.start / 4 + 1] ?? 0
    const stream = (reader.bytes[reader.start + 1] ?? 0) & consoleFlags.stderr ? 'stderr' : 'stdout'
    const time = reader.numbers[reader.start / 8 + 1] ?? 0
    const seq = ++this.#seq
    const bytes = reader.bytes.subarray(from, Math.min(from + length, reader.end))
    this.#console.write(stream, bytes, { seq, time, isWanted: seq > this.#after })
  }

  #row(reader: LogReader): void {
    const flags = reader.bytes[reader.start + 1] ?? 0
    const count = reader.words[reader.start / 4 + 1] ?? 0
    const at = reader.start / 8
    const logged = reader.numbers[at + 1] ?? 0
    const time = reader.numbers[at + 2] ?? 0
    const keysAt = (reader.start + rowHeaderBytes) / 4 + count * 2
    if ((keysAt + count + 1) * 4 > reader.end) return
    if (flags & rowFlags.system) {
      this.#systemRow(reader, { step: logged, time, count, keysAt })
      return
    }
    this.#hasRows = true
    const step = this.#stepOf(logged, flags)
    if (step === undefined) return
    if (this.#open !== undefined && step > this.#open.step) this.#closeRow()
    const textCount = reader.words[keysAt + count] ?? 0
    if (flags & rowFlags.commits && this.#open === undefined && textCount === 0) {
      this.#wholeRow(reader, { step, time, count, keysAt })
      return
    }
    this.#open ??= { step, time, numbers: new Map(), texts: new Map() }
    const { numbers, texts } = this.#open
    this.#open.time = time
    for (let index = 0; index < count; index++) {
      const key = reader.words[keysAt + index] ?? 0
      numbers.set(key, reader.numbers[at + 3 + index] ?? 0)
      texts.delete(key)
    }
    this.#readTexts(reader, (keysAt + count + 1) * 4, (key, json) => {
      texts.set(key, json)
      numbers.delete(key)
    })
    if (flags & rowFlags.commits) this.#closeRow()
  }

  /** The step of a call of `log()`; undefined when it is dropped. */
  #stepOf(logged: number, flags: number): number | undefined {
    if (this.#steps === undefined) return logged
    const asked = flags & rowFlags.explicit ? logged : undefined
    const decision = decideStep(this.#steps, { step: asked, commit: (flags & rowFlags.commits) !== 0 })
    this.#steps = decision.next
    if (!decision.isDropped) return decision.step
    this.droppedCalls++
    return undefined
  }

  #readTexts(reader: LogReader, from: number, take: (key: number, json: string) => void): void {
    const view = new DataView(reader.bytes.buffer)
    let at = from
    while (at + 8 <= reader.end) {
      const key = view.getUint32(at, true)
      const length = view.getUint32(at + 4, true)
      take(key, this.#text.decode(reader.bytes.subarray(at + 8, at + 8 + length)))
      at += 8 + length
    }
  }

  /** The short way of nearly every row: one call of `log()`, numbers only. */
  #wholeRow(reader: LogReader, row: { step: number; time: number; count: number; keysAt: number }): void {
    const seq = ++this.#seq
    this.rows++
    const isWanted = seq > this.#after
    if (isWanted) this.#builder.startRow(false, { seq, step: row.step, time: row.time })
    const valuesAt = reader.start / 8 + 3
    this.#sync.startRow()
    for (let index = 0; index < row.count; index++) {
      const key = reader.words[row.keysAt + index] ?? 0
      const value = reader.numbers[valuesAt + index] ?? 0
      this.#sync.see(key, value)
      if (isWanted) this.#put(false, key, value)
    }
    this.#putStepMetrics(isWanted)
  }

  #put(isSystem: boolean, key: number, value: number): void {
    const name = (isSystem ? this.#systemNames : this.#names)[key]
    if (name === undefined) this.namelessValues++
    else this.#builder.set(isSystem, key, name, value)
  }

  #putStepMetrics(isWanted: boolean): void {
    this.#sync.missing((key, value) => {
      if (isWanted) this.#put(false, key, value)
    })
  }

  #closeRow(): void {
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    const { step, time } = open
    const seq = ++this.#seq
    this.rows++
    const isWanted = seq > this.#after
    if (isWanted) this.#builder.startRow(false, { seq, step, time })
    this.#sync.startRow()
    for (const [key, value] of open.numbers) {
      this.#sync.see(key, value)
      if (isWanted) this.#put(false, key, value)
    }
    for (const [key, json] of open.texts) {
      this.#sync.seeText(key)
      const value = isWanted ? parseWire(json) : undefined
      const metric = this.#names[key]
      if (metric === undefined) this.namelessValues++
      if (value !== undefined && metric !== undefined)
        this.#builder.text({ seq, step, time, metric, value }, json.length)
    }
    this.#putStepMetrics(isWanted)
    for (const { update, bytes } of this.#waiting.splice(0)) this.#number(update, bytes)
  }

  #systemRow(reader: LogReader, row: { step: number; time: number; count: number; keysAt: number }): void {
    const seq = ++this.#seq
    if (seq <= this.#after) return
    this.#builder.startRow(true, { seq, step: row.step, time: row.time })
    const valuesAt = reader.start / 8 + 3
    for (let index = 0; index < row.count; index++) {
      const key = reader.words[row.keysAt + index] ?? 0
      this.#put(true, key, reader.numbers[valuesAt + index] ?? 0)
    }
  }

  #update(update: LogUpdateParsed | undefined, bytes: number): void {
    if (update === undefined) return
    if (update.type === 'define') this.#sync.define(update.definition)
    if (update.type === 'finish') {
      this.#closeRow()
      this.isFinished = true
    }
    if (this.#isBehindRow(update)) this.#waiting.push({ update, bytes })
    else this.#number(update, bytes)
  }

  /** A summary that waits for a row must not be overtaken by a later definition, whose operations it would clear. */
  #isBehindRow(update: LogUpdateParsed): boolean {
    if (update.type === 'define') return this.#waiting.length > 0
    return update.type === 'summary' && this.#mustWait(update)
  }

  /** A summary that is set after a value was logged must not be overtaken by it because its row is still open. */
  #mustWait({ set, unset }: { set: object; unset: readonly string[] }): boolean {
    const open = this.#open
    if (open === undefined) return false
    if (this.#waiting.length > 0) return true
    const keys = [...open.numbers.keys(), ...open.texts.keys()]
    return keys.some((key) => {
      const name = this.#names[key]
      return name !== undefined && (Object.hasOwn(set, name) || unset.includes(name))
    })
  }

  #number(update: LogUpdateParsed | ({ type: 'facts' } & LogFacts), bytes: number): void {
    const numbered: RunUpdate = { ...update, seq: ++this.#seq }
    if (numbered.seq <= this.#after) return
    this.#builder.update(numbered, bytes)
    if (numbered.type === 'file') this.files.push(numbered)
  }
}

function parseWire(json: string): WireValue | undefined {
  try {
    const parsed = wireValueSchema.safeParse(JSON.parse(json))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
