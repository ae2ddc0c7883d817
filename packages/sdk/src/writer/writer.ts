import { describeIssues } from '@kiroku/core/errors'
import type * as z from 'zod'
import { Ring } from '../ring.ts'
import type { Report } from '../sidecar/protocol.ts'
import { Warnings } from '../warnings.ts'
import { type CodeSink, recordCode } from './code/record-code.ts'
import { LocalRun } from './local-run.ts'
import {
  listeningKind,
  type OpenRun,
  openKind,
  openRunSchema,
  type WriterEvent,
  type writerDataSchema,
} from './protocol.ts'
import { say } from './say.ts'
import { SidecarLink } from './sidecar-link.ts'
import { SystemMonitor } from './system/monitor.ts'

const busyTickMs = 5
const idleTickMs = 20
/** So long after the last record the ring is looked at less often. */
const idleAfterMs = 2_000
const syncEveryMs = 1_000
/** A main thread that has not heard for so long that the script is to stop may never hear of it. */
const stopPatienceMs = 5_000
/** How long the end of a script that is over waits for the facts about its code. */
const factsPatienceMs = 1_500

/** The writer thread: empties the ring every few milliseconds into the local logs of all runs of the process. */
export class Writer {
  readonly #ring: Ring
  readonly #port: z.infer<typeof writerDataSchema>['port']
  readonly #sidecarPath: string
  readonly #runs = new Map<number, LocalRun>()
  #sidecar: SidecarLink | undefined
  readonly #monitor = new SystemMonitor()
  #parts: Buffer[] = []
  #lastRecordAt = 0
  #lastSyncAt = 0
  #awaitingSince: number | undefined
  readonly #rejections = new Warnings(say)
  readonly #options = new Map<number, OpenRun>()
  readonly #opened: [id: number, run: LocalRun][] = []
  readonly #listening = new Set<number>()

  constructor({ ring, port, sidecarPath }: z.infer<typeof writerDataSchema>) {
    this.#ring = new Ring(ring)
    this.#port = port
    this.#sidecarPath = sidecarPath
  }

  /** Works until the thread is ended. */
  start(): void {
    this.#tick()
  }

  #tick(): void {
    const now = performance.now()
    const pending = this.#ring.pendingFlush()
    if (this.#ring.drain((tag, payload) => this.#take(tag, payload)) > 0) this.#lastRecordAt = now
    this.#begin()
    this.#monitor.tick(now)
    const asked = this.#isTooEarly(pending, now) ? undefined : pending
    for (const [id, run] of this.#runs) {
      if (asked !== undefined) run.finish()
      if (run.flush() && run.isFinished) this.#end(id, run)
      else if (now - this.#lastSyncAt >= syncEveryMs || asked !== undefined) run.sync()
    }
    if (now - this.#lastSyncAt >= syncEveryMs) this.#lastSyncAt = now
    if (asked !== undefined) this.#ring.answerFlush(asked)
    setTimeout(() => this.#tick(), now - this.#lastRecordAt > idleAfterMs ? idleTickMs : busyTickMs)
  }

  /** A script that ends at once still gets what is being found out about its code, if that takes no long time. */
  #isTooEarly(pending: number | undefined, now: number): boolean {
    if (pending === undefined || ![...this.#runs.values()].some((run) => run.awaitsFacts)) {
      this.#awaitingSince = undefined
      return false
    }
    this.#awaitingSince ??= now
    return now - this.#awaitingSince < factsPatienceMs
  }

  #take(tag: number, payload: Uint8Array): void {
    const run = tag >>> 1
    if (tag & 1 || this.#parts.length > 0) {
      this.#parts.push(Buffer.from(payload))
      if (tag & 1) return
    }
    const whole = this.#parts.length === 0 ? payload : Buffer.concat(this.#parts.splice(0))
    if (whole[0] === openKind) this.#open(run, Buffer.from(whole))
    else if (whole[0] === listeningKind) this.#listening.add(run)
    else this.#runs.get(run)?.take(whole)
  }

  #open(id: number, message: Buffer): void {
    const parsed = openRunSchema.safeParse(JSON.parse(message.toString('utf8', 8)))
    if (!parsed.success) {
      const why = describeIssues(parsed.error)
      say(`a run cannot begin, nothing of it is recorded (${why})`)
      this.#emit({ type: 'refused', run: id, why, code: 'BAD_REQUEST' })
      return
    }
    const options = parsed.data
    let run: LocalRun
    try {
      run = new LocalRun(options, this.#monitor)
    } catch (cause) {
      say(`cannot write ${options.directory}, nothing is recorded (${cause instanceof Error ? cause.message : cause})`)
      this.#emit({ type: 'refused', run: id, why: 'its directory cannot be written', code: null })
      return
    }
    this.#runs.set(id, run)
    this.#opened.push([id, run])
  }

  /** What starts processes, for tens of milliseconds, waits until the rows that came with a run's beginning are in its log. */
  #begin(): void {
    if (this.#opened.length === 0) return
    for (const run of this.#runs.values()) run.flush()
    for (const [id, run] of this.#opened.splice(0)) {
      this.#addFacts(run)
      this.#send(id, run.options)
    }
  }

  #send(id: number, options: OpenRun): void {
    const { url } = options.header
    if (url === null || options.apiKey === null) return
    this.#options.set(id, options)
    this.#sidecar ??= new SidecarLink({
      path: this.#sidecarPath,
      logDirectory: options.root,
      onReport: (report) => this.#hear(report),
    })
    this.#sidecar.give({ id, directory: options.directory, url, apiKey: options.apiKey })
  }

  #addFacts(run: LocalRun): void {
    const sink: CodeSink = {
      setFacts: (facts) => run.setFacts(facts),
      addFile: (file, bytes) => run.addFile(file, bytes),
      tell: (text) => {
        if (!run.options.isQuiet) say(text)
      },
    }
    void recordCode(run.options, sink).finally(() => run.completeFacts())
  }

  #end(id: number, run: LocalRun): void {
    run.close()
    this.#runs.delete(id)
    this.#listening.delete(id)
    this.#emit({ type: 'stored', run: id })
  }

  #hear(report: Report): void {
    const options = this.#options.get(report.id)
    if (options === undefined) return
    const tell = (text: string): void => {
      if (!options.isQuiet) say(text)
    }
    switch (report.type) {
      case 'created':
        this.#emit({ type: 'created', run: report.id, url: report.url, result: report.result })
        tell(`run ${report.result.displayName}: ${report.url}`)
        break
      case 'acknowledged':
        this.#emit({
          type: 'acknowledged',
          run: report.id,
          bytes: report.bytes,
          total: report.total,
          otherWriters: report.otherWriters,
        })
        break
      case 'stopAsked':
        this.#emit({ type: 'stopAsked', run: report.id })
        setTimeout(() => this.#interrupt(report.id), stopPatienceMs)
        break
      case 'waiting':
        this.#emit({ type: 'waiting', run: report.id, why: report.why })
        tell(
          `${options.header.url} does not take data now (${report.why}); it is kept in ${options.directory}, and sent when it does`,
        )
        break
      case 'connected':
        this.#emit({ type: 'connected', run: report.id })
        tell(`${options.header.url} takes data again`)
        break
      case 'rejected':
        if (!options.isQuiet) this.#rejections.warn(report.metric, `${report.metric} was not stored: ${report.reason}`)
        break
      case 'noted':
        tell(report.text)
        break
      case 'refused':
        this.#emit({ type: 'refused', run: report.id, why: report.why, code: report.code })
        tell(
          `${options.header.url} refused the run (${report.why}); its data stays in ${options.directory}${
            report.isFinal ? '' : ', and it is asked again from time to time'
          }${report.code === 'UNAUTHORIZED' ? `; \`kiroku login --url ${options.header.url}\` keeps another key` : ''}`,
        )
        break
      case 'done':
        this.#emit({ type: 'done', run: report.id })
        this.#options.delete(report.id)
    }
  }

  /** Ends a script whose main thread lets go of itself no more, and so dies of the signal. */
  #interrupt(id: number): void {
    if (this.#runs.has(id) && !this.#listening.has(id)) process.kill(process.pid, 'SIGINT')
  }

  #emit(event: WriterEvent): void {
    this.#port.postMessage(event)
  }
}
