import { join } from 'node:path'
import type { FileFacts } from '@kiroku/core/files'
import { logFileName, recordKinds, rowFlags, updateFlags } from '../log/format.ts'
import { LogWriter } from '../log/log-writer.ts'
import { markProcess } from '../log/process-mark.ts'
import { RecordEncoder } from '../log/record-encoder.ts'
import type { LogFacts } from '../log/schemas.ts'
import { shortBytes } from '../messages.ts'
import { readHostFacts } from './facts.ts'
import { fileKind, type OpenRun } from './protocol.ts'
import { RunFiles } from './run-files.ts'
import { say } from './say.ts'
import type { SystemMonitor, Watch } from './system/monitor.ts'

/** One run in the writer thread: its log, and the window of the machine's metrics. */
export class LocalRun {
  readonly options: OpenRun
  readonly #log: LogWriter
  readonly #encoder = new RecordEncoder()
  readonly #systemKeys = new Map<string, number>()
  readonly #watch: Watch | undefined
  readonly #files: RunFiles
  #end: Uint8Array | undefined
  #hasFacts = false
  #isFailing = false
  #toldRows = 0
  #toldConsoleBytes = 0
  /** True once the run's last record was taken. */
  isFinished = false

  /** Opens the run's log and writes its header. Throws what the file system throws. */
  constructor(options: OpenRun, monitor: SystemMonitor) {
    this.options = options
    this.#log = new LogWriter(join(options.directory, logFileName))
    const { header, script, machine, code, stats } = options
    const create = { ...header.create, host: machine.isTold ? readHostFacts(script) : {} }
    this.#put(this.#encoder.json(recordKinds.header, { ...header, create, process: markProcess(process.pid) }))
    this.#files = new RunFiles(options.directory, code.ignoreGlobs)
    this.#watch =
      stats === null || !machine.isTold ? undefined : monitor.watch(stats, (values) => this.#publish(values))
    this.flush()
  }

  /** Takes a record of the script. The one that ends the run waits for the facts, so that a short run has them too. */
  take(record: Uint8Array): void {
    if (this.isFinished || this.#end !== undefined) return
    if (record[0] === recordKinds.update && record[1] === updateFlags.finishes) {
      this.#end = record.slice()
      if (this.#hasFacts) this.finish()
    } else if (record[0] === fileKind) {
      this.#announce(this.#files.take(record))
    } else {
      this.#log.append(record)
    }
  }

  /** Puts down where the code stood. */
  setFacts(facts: LogFacts): void {
    if (!this.isFinished) this.#put(this.#encoder.json(recordKinds.facts, facts))
  }

  /** Keeps a file of the run below `files/`, and has it sent unless an ignore glob keeps it on this disk. */
  addFile({ path, mime }: { path: string; mime: string }, bytes: Uint8Array): void {
    if (!this.isFinished) this.#announce(this.#files.add(path, mime, bytes))
  }

  /** Nothing more is to be found out about code and machine: a run that waited for it to end ends. */
  completeFacts(): void {
    this.#hasFacts = true
    this.finish()
  }

  /** True while the run's end waits for what is found out about its code. */
  get awaitsFacts(): boolean {
    return this.#end !== undefined && !this.isFinished
  }

  /** Ends the run now if its script has ended it. */
  finish(): void {
    if (this.isFinished || this.#end === undefined) return
    this.#watch?.close()
    this.#files.close()
    this.#log.append(this.#end)
    this.isFinished = true
  }

  /** Writes what waits; true when all is written. Says once when the disk takes nothing, and once when it does again. */
  flush(): boolean {
    const problem = this.#log.flush()
    if (problem !== undefined) {
      if (!this.#isFailing) say(`cannot write ${this.options.directory} (${problem.message}); it keeps trying`)
      this.#isFailing = true
      return false
    }
    if (this.#isFailing) {
      say(`${this.options.directory} is written again; ${this.#takeLosses()} lost`)
      this.#isFailing = false
    }
    return true
  }

  /** What was dropped since the last time, in words. */
  #takeLosses(): string {
    const { droppedRows, droppedConsoleBytes } = this.#log
    const [rows, bytes] = [droppedRows - this.#toldRows, droppedConsoleBytes - this.#toldConsoleBytes]
    this.#toldRows = droppedRows
    this.#toldConsoleBytes = droppedConsoleBytes
    if (bytes === 0) return rows === 0 ? 'no row was' : `${rows} rows were`
    return `${rows === 0 ? 'no row' : `${rows} rows`} and ${shortBytes(bytes)} of what was printed were`
  }

  /** Has the disk keep what is written. */
  sync(): void {
    this.#log.sync()
  }

  /** Closes the log of a finished run. */
  close(): void {
    this.#log.close()
  }

  #publish(values: ReadonlyMap<string, number>): void {
    if (values.size === 0) return
    const keys = [...values.keys()].map((name) => this.#systemKey(name))
    const time = Date.now()
    const payload = this.#encoder.row({
      flags: rowFlags.system | rowFlags.commits,
      step: time,
      time,
      count: keys.length,
      values: Float64Array.from(values.values()),
      keys: Uint32Array.from(keys),
      texts: [],
    })
    this.#put(payload)
  }

  #announce(facts: FileFacts | undefined): void {
    if (facts !== undefined) this.#put(this.#encoder.json(recordKinds.update, { type: 'file', ...facts }))
  }

  #systemKey(name: string): number {
    const known = this.#systemKeys.get(name)
    if (known !== undefined) return known
    const key = this.#systemKeys.size
    this.#systemKeys.set(name, key)
    // Several processes write to a shared run; each watches a machine, and their names for the same must not meet.
    const label = this.options.header.create.shared ? this.options.stats?.label : null
    this.#put(this.#encoder.key(rowFlags.system, key, label == null ? name : `${name}/l:${label}`))
    return key
  }

  #put(payload: Uint8Array | undefined): void {
    if (payload !== undefined) this.#log.append(payload)
  }
}
