import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import type { CreateRunInput } from '@kiroku/core/runs'
import { logFileName } from '../log/format.ts'
import { readLogHeader } from '../log/log-ends.ts'
import { isLogLive } from '../log/log-life.ts'
import type { LogHeader } from '../log/schemas.ts'
import type { LogLosses } from '../sidecar/log-feed.ts'
import type { Report } from '../sidecar/protocol.ts'
import { RefusedError } from '../sidecar/refused-error.ts'
import { Turns } from '../sidecar/turns.ts'
import { Uploader } from '../sidecar/uploader.ts'
import { Wakeable } from '../sidecar/wakeable.ts'
import { idOfDirectory } from './local-runs.ts'

const defaultPatienceMs = 60_000
const checkMs = 200
const lifePollMs = 1_000

/** How far a sync is: bytes of the log that the server has acknowledged. `waitsFor`: why the server takes nothing now. */
export type SyncProgress = { bytes: number; total: number; url: string | null; waitsFor: string | null }

export type SyncOptions = {
  /** The run's directory. */
  directory: string
  url: string
  apiKey: string
  /** The project and id to bring it to, where they are not those that it was begun with. */
  project?: string | undefined
  id?: string | undefined
  /** Tags by their old names, and what they are called instead. */
  replaceTags?: Readonly<Record<string, string>> | undefined
  /** Follows a run whose script still writes, until it ends; else what is there now is brought. */
  isLive?: boolean | undefined
  /** How long the server may take nothing before this gives up, in milliseconds; one minute unless told. */
  patienceMs?: number | undefined
  onProgress?: ((progress: SyncProgress) => void) | undefined
  signal?: AbortSignal | undefined
}

/** What a sync did. `isComplete` is false for a run whose script still writes. `url` is the run's page. */
export type SyncResult = {
  directory: string
  project: string
  id: string
  path: string
  url: string
  /** Rows of the script in the log. */
  rows: number
  /** Records, values and files that the server did not take, each with the reason. */
  leftOut: { what: string; why: string }[]
  /** What of the log could not be read. */
  losses: LogLosses
  isComplete: boolean
}

/**
 * Brings a run on this disk to a server. Whatever is there already is passed over, so that it can be interrupted and done again
 * at any time, also beside the sidecar of a script that runs. A run whose script died without an end ends as crashed. Throws
 * `KirokuError`: the server's refusal, UNAVAILABLE when it took nothing for too long, BAD_REQUEST for a log without a
 * beginning; and the signal's reason.
 */
export async function syncRun(options: SyncOptions): Promise<SyncResult> {
  const path = join(options.directory, logFileName)
  const header = headerOf(path)
  const life = new ScriptLife(path, header)
  // Nobody can tell whether such a log is still written; without `isLive` its beginning is not waited for.
  const isBroken = header === undefined && options.isLive !== true
  if (isBroken && options.project === undefined) throw withoutBeginning(options.directory)
  const progress: SyncProgress = { bytes: 0, total: statSync(path).size, url: null, waitsFor: null }
  const leftOut: SyncResult['leftOut'] = []
  const stop = new AbortController()
  const uploader = new Uploader({
    order: { id: 0, directory: options.directory, url: options.url, apiKey: options.apiKey },
    report: (report) => {
      if (report.type === 'rejected') leftOut.push({ what: report.metric, why: report.reason })
      else if (takeIn(report, progress)) options.onProgress?.({ ...progress })
    },
    turns: new Turns(1),
    wakeable: new Wakeable(),
    isOrphan: () => isBroken || !life.isAlive,
    stopsAtEnd: options.isLive !== true,
    adjust: (create) => adjusted(create ?? createWithout(options), options),
    ...(options.replaceTags && { adjustTags: (tags) => replaced(tags, options.replaceTags) }),
    refusedWait: null,
    signal: options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal,
  })
  const watch = setInterval(() => {
    const patienceMs = options.patienceMs ?? defaultPatienceMs
    if (progress.waitsFor === null || performance.now() - uploader.lastProgressAt < patienceMs) return
    const message = `${options.url} took nothing for ${Math.round(patienceMs / 1000)} s (${progress.waitsFor})`
    stop.abort(new KirokuError({ code: 'UNAVAILABLE', message }))
  }, checkMs)
  try {
    const uploaded = await uploader.run()
    if (uploaded === undefined) throw withoutBeginning(options.directory)
    const { run, rows, losses, isComplete } = uploaded
    const { project, run: id, path: page } = run
    const url = options.url + page
    return { directory: options.directory, project, id, path: page, url, rows, leftOut, losses, isComplete }
  } catch (cause) {
    if (!(cause instanceof RefusedError)) throw cause
    const message = `${options.url} refused the run (${cause.message})`
    throw new KirokuError({ code: cause.code ?? 'UNAVAILABLE', message, cause })
  } finally {
    clearInterval(watch)
  }
}

/** Takes a report in; true when it changes how far the sync is. */
function takeIn(report: Report, progress: SyncProgress): boolean {
  switch (report.type) {
    case 'created':
      progress.url = report.url
      return true
    case 'acknowledged':
      progress.bytes = report.bytes
      progress.total = report.total
      return true
    case 'waiting':
      progress.waitsFor = report.why
      return true
    case 'connected':
      progress.waitsFor = null
      return true
    default:
      return false
  }
}

function headerOf(path: string): LogHeader | undefined {
  try {
    return readLogHeader(path)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new KirokuError({ code: 'NOT_FOUND', message: `cannot read ${path}: ${why}`, cause })
  }
}

/** Whether a run's script still writes; looked up now and then. */
class ScriptLife {
  readonly #path: string
  readonly #header: LogHeader | undefined
  #isAlive = true
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(path: string, header: LogHeader | undefined) {
    this.#path = path
    this.#header = header
  }

  get isAlive(): boolean {
    if (!this.#isAlive || performance.now() - this.#lookedAt < lifePollMs) return this.#isAlive
    this.#lookedAt = performance.now()
    this.#isAlive = isLogLive(this.#path, this.#header)
    return this.#isAlive
  }
}

function adjusted(create: CreateRunInput, { project, id, replaceTags }: SyncOptions): CreateRunInput {
  const place = { project: project ?? create.project, run: id ?? create.run }
  const isElsewhere = place.project !== create.project || place.run !== create.run
  const writer = isElsewhere ? writerFor(`${create.writer} ${place.project} ${place.run}`) : create.writer
  return { ...create, ...place, writer, ...(create.tags && { tags: replaced(create.tags, replaceTags) }) }
}

function replaced(tags: readonly string[], by: SyncOptions['replaceTags'] = {}): string[] {
  return [...new Set(tags.map((tag) => (Object.hasOwn(by, tag) ? (by[tag] ?? tag) : tag)))]
}

/** What a run is created with whose log has lost its beginning. */
function createWithout({ directory, project, id }: SyncOptions): CreateRunInput {
  if (project === undefined) throw withoutBeginning(directory)
  const { birthtimeMs } = statSync(join(directory, logFileName))
  const run = id ?? idOfDirectory(directory)
  return { project, run, writer: writerFor(basename(directory)), startedAt: Math.max(0, Math.round(birthtimeMs)) }
}

function withoutBeginning(directory: string): KirokuError {
  const message = `the beginning of ${join(directory, logFileName)} cannot be read; name the project that it belongs to`
  return new KirokuError({ code: 'BAD_REQUEST', message })
}

const writerAlphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** The writer id that stands for `text`, always the same. */
function writerFor(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  return Array.from(bytes, (byte) => writerAlphabet.charAt(byte % writerAlphabet.length)).join('')
}
