import { configDirectory, readCredentials, serverAddress } from '../credentials.ts'
import { firstOrders, sdkEnv } from '../env.ts'
import { silenceMs } from '../log/log-life.ts'
import { claimRun, findLeftovers, type Leftover } from './leftovers.ts'
import { markRefused } from './marks.ts'
import { LineSplitter, type Order, orderSchema, parseLine, type Report } from './protocol.ts'
import { RefusedError } from './refused-error.ts'
import { Turns } from './turns.ts'
import { Uploader, type UploaderOptions } from './uploader.ts'
import { Wakeable } from './wakeable.ts'

/** Batches in memory at a time, over all runs. */
const maxBatchesInMemory = 2
const orphanPollMs = 20
/** Runs of earlier scripts that one sidecar takes up. */
const maxLeftovers = 5

/**
 * The sidecar of one script: brings the logs of all its runs to the server. It is told about runs on its standard
 * input; when that ends the script is gone, and it finishes what is left and ends too. Once the server takes a run of its
 * script it also brings a few runs there that earlier scripts left beside it.
 */
class Sidecar {
  readonly #parent: number
  readonly #turns = new Turns(maxBatchesInMemory)
  readonly #wakeable = new Wakeable()
  readonly #uploaders = new Set<Uploader>()
  readonly #lingerMs: number
  #isOrphan = false
  #hasLeftovers = true

  constructor(parent: number, lingerMs: number) {
    this.#parent = parent
    this.#lingerMs = lingerMs
  }

  start(): void {
    process.title = 'kiroku-sidecar'
    const lines = new LineSplitter()
    process.stdin.setEncoding('utf8')
    process.stdin.on('data', (piece: string) => {
      for (const line of lines.add(piece)) {
        const order = parseLine(orderSchema, line)
        if (order !== undefined) this.#take(order)
      }
    })
    process.stdin.on('end', () => this.#watchParent())
    process.stdin.on('error', () => this.#watchParent())
    // Nobody reads it any more, or the disk that has its log is full.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
    for (const order of firstOrders()) this.#take(order)
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => {})
  }

  #take(order: Order): void {
    const report = (what: Report): void => {
      process.stdout.write(`${JSON.stringify(what)}\n`)
      if (what.type === 'acknowledged') this.#takeUpLeftovers(order)
    }
    const uploading = this.#upload({ order, report, isOrphan: () => this.#isOrphan })
    void uploading.catch((cause: unknown) => {
      const why = messageOf(cause)
      const code = cause instanceof RefusedError ? cause.code : null
      report({ type: 'refused', id: order.id, why, code, isFinal: true })
      note(
        `${order.directory}: ${cause instanceof RefusedError ? why : (cause instanceof Error && cause.stack) || why}`,
      )
    })
  }

  async #upload(options: Pick<UploaderOptions, 'order' | 'report' | 'isOrphan' | 'refusedWait'>): Promise<void> {
    const uploader = new Uploader({
      ...options,
      turns: this.#turns,
      wakeable: this.#wakeable,
      freshKey: () => keyOnFile(options.order.url),
    })
    claimRun(options.order.directory)
    this.#uploaders.add(uploader)
    try {
      await uploader.run()
    } finally {
      this.#uploaders.delete(uploader)
    }
  }

  #takeUpLeftovers(order: Order): void {
    if (!this.#hasLeftovers) return
    this.#hasLeftovers = false
    void this.#bringLeftovers(findLeftovers(order.directory, maxLeftovers), order).finally(() => {
      // What another container was writing lately may be left by then.
      setTimeout(() => {
        this.#hasLeftovers = true
      }, silenceMs).unref()
    })
  }

  /** Brings them one by one. What goes wrong is noted in the sidecar's own log only: it is not the script's concern. */
  async #bringLeftovers(leftovers: readonly Leftover[], { url: ownUrl, apiKey: ownKey }: Order): Promise<void> {
    for (const { directory, url } of leftovers) {
      const apiKey = url === ownUrl ? ownKey : keyOnFile(url)
      if (apiKey === null) continue
      try {
        const order = { id: -1, directory, url, apiKey }
        await this.#upload({ order, report: () => {}, isOrphan: () => true, refusedWait: null })
        note(`${directory}: what an earlier script left was sent`)
      } catch (cause) {
        note(`${directory}: ${messageOf(cause)}`)
        const isAnswer = cause instanceof RefusedError && ['CONFLICT', 'NOT_FOUND'].includes(cause.code ?? '')
        if (isAnswer) markRefused(directory, cause.message)
      }
    }
  }

  /** Standard input ended. The logs are complete only when the script's process is gone as well. */
  #watchParent(): void {
    if (isAlive(this.#parent)) {
      setTimeout(() => this.#watchParent(), orphanPollMs)
      return
    }
    this.#isOrphan = true
    for (const uploader of this.#uploaders) uploader.restartPatience()
    this.#wakeable.wake()
    this.#leaveWhenDone()
  }

  #leaveWhenDone(): void {
    const latest = Math.max(...[...this.#uploaders].map(({ lastProgressAt }) => lastProgressAt))
    if (this.#uploaders.size === 0) process.exit(0)
    if (performance.now() - latest > this.#lingerMs) {
      note(`the server took nothing for ${this.#lingerMs / 1000} s; the data stays where it is`)
      process.exit(1)
    }
    setTimeout(() => this.#leaveWhenDone(), orphanPollMs)
  }
}

/** True while the process that started this one lives; an orphan gets another parent. */
function isAlive(parent: number): boolean {
  if (process.ppid !== parent) return false
  try {
    process.kill(parent, 0)
    return true
  } catch {
    return false
  }
}

/** The key of a server that is on file at this moment. */
function keyOnFile(url: string): string | null {
  try {
    return readCredentials(configDirectory(sdkEnv())).keys[serverAddress(url)] ?? null
  } catch {
    return null
  }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** Writes a line to standard error, which is the sidecar's own log file. */
function note(text: string): void {
  process.stderr.write(`${new Date().toISOString()} ${text}\n`)
}

new Sidecar(Number(process.argv[2]), sdkEnv().KIROKU_LINGER_SECONDS * 1000).start()
