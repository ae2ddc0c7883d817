import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { sidecarEnvironment } from '../env.ts'
import { LineSplitter, type Order, parseLine, type Report, reportSchema } from '../sidecar/protocol.ts'
import { say } from './say.ts'

/** Orders that a sidecar is born with; the environment takes no more than some 100 KB. */
const maxFirstOrders = 100
const firstRespawnMs = 200
const longestRespawnMs = 5_000
/** A sidecar that lived this long was healthy: the next wait is short again. */
const healthyMs = 10_000
/** In MiB. A small young generation keeps a sidecar that moves much data small, whatever Node's own default is. */
const memoryLimits = ['--max-old-space-size=256', '--max-semi-space-size=2']

/** Keeps one sidecar process for all runs of this script; one that dies is replaced and told everything again. */
export class SidecarLink {
  readonly #path: string
  readonly #logDirectory: string
  readonly #onReport: (report: Report) => void
  readonly #orders = new Map<number, Order>()
  #child: ChildProcess | undefined
  #respawnMs = firstRespawnMs
  #hasComplained = false

  /** `logDirectory` gets the sidecar's own log. Nothing is started before the first order. */
  constructor({
    path,
    logDirectory,
    onReport,
  }: { path: string; logDirectory: string; onReport: (report: Report) => void }) {
    this.#path = path
    this.#logDirectory = logDirectory
    this.#onReport = onReport
  }

  /** Gives the sidecar a run to bring to the server. */
  give(order: Order): void {
    this.#orders.set(order.id, order)
    if (this.#child === undefined) this.#start()
    else this.#tell(this.#child, order)
  }

  #start(): void {
    const startedAt = performance.now()
    const child = this.#spawn()
    if (typeof child === 'string') {
      this.#replace(child, 0)
      return
    }
    this.#child = child
    child.unref()
    child.stdin?.on('error', () => {})
    const lines = new LineSplitter()
    child.stdout?.setEncoding('utf8')
    child.stdout?.on('data', (piece: string) => {
      for (const line of lines.add(piece)) this.#hear(line)
    })
    const onEnd = (why: string): void => {
      if (this.#child !== child) return
      this.#child = undefined
      this.#replace(why, performance.now() - startedAt)
    }
    child.on('error', (error) => onEnd(error.message))
    child.on('exit', (code, signal) => onEnd(signal ?? `code ${code}`))
    for (const order of [...this.#orders.values()].slice(maxFirstOrders)) this.#tell(child, order)
  }

  /**
   * The new process; the reason where the system starts none. It is born with its orders: a script that is killed in this
   * moment could not tell them any more.
   */
  #spawn(): ChildProcess | string {
    const errors = openLog(join(this.#logDirectory, 'sidecar.log'))
    try {
      return spawn(process.execPath, [...memoryLimits, this.#path, String(process.pid)], {
        detached: true,
        stdio: ['pipe', 'pipe', errors ?? 'ignore'],
        env: sidecarEnvironment([...this.#orders.values()].slice(0, maxFirstOrders)),
        cwd: '/',
        windowsHide: true,
      })
    } catch (cause) {
      return cause instanceof Error ? cause.message : String(cause)
    } finally {
      if (errors !== undefined) closeSync(errors)
    }
  }

  #tell(child: ChildProcess, order: Order): void {
    child.stdin?.write(`${JSON.stringify(order)}\n`)
  }

  #hear(line: string): void {
    const report = parseLine(reportSchema, line)
    if (report === undefined) return
    if (report.type === 'done' || (report.type === 'refused' && report.isFinal)) this.#orders.delete(report.id)
    this.#onReport(report)
  }

  #replace(why: string, livedMs: number): void {
    if (this.#orders.size === 0) return
    if (livedMs >= healthyMs) this.#respawnMs = firstRespawnMs
    if (!this.#hasComplained) say(`the process that uploads ended (${why}); another one takes over`)
    this.#hasComplained = true
    setTimeout(() => {
      if (this.#child === undefined) this.#start()
    }, this.#respawnMs)
    this.#respawnMs = Math.min(longestRespawnMs, this.#respawnMs * 2)
  }
}

function openLog(path: string): number | undefined {
  try {
    return openSync(path, 'a', 0o600)
  } catch {
    return undefined
  }
}
