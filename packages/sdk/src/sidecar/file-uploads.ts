import { createHash } from 'node:crypto'
import { createReadStream, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type FileFacts, fileFactsSchema } from '@kiroku/core/files'
import type { RunUpdate } from '@kiroku/core/history'
import * as z from 'zod'
import { filesDirectoryName } from '../log/format.ts'
import type { Assembled } from './assembler.ts'
import { RefusedError } from './refused-error.ts'
import { type Outcome, offerFiles, type Server, sendFile } from './server-client.ts'
import { Turns } from './turns.ts'

type FileUpdate = Extract<RunUpdate, { type: 'file' }>
type State = 'pending' | 'sent' | 'lost'
type Upload = { facts: FileFacts; state: State; done: Promise<void> }

/** So long a batch waits for its files; those that take longer are told in a later one. */
const patienceMs = 3_000
const uploadsAtATime = 4
const maxOffered = 500
const lateFileName = 'late-files.json'
const wasChanged = 'the file was changed after it was logged'

export type FileUploadsOptions = {
  directory: string
  server: () => Server
  /** Tries until there is an answer that trying again would not change. */
  insist: <T>(attempt: () => Promise<Outcome<T>>) => Promise<Outcome<T>>
  /** Tells that a file is left out, and why. */
  leaveOut: (path: string, why: string) => void
}

/**
 * Uploads the contents of a run's files before the updates that name them are sent. A batch waits a moment for its own;
 * a file that takes longer goes on in the background while the batch goes without its update, which a later batch brings: until
 * then the file's name is kept on disk, for whoever sends the rest of the log.
 */
export class FileUploads {
  readonly #options: FileUploadsOptions
  readonly #uploads = new Map<string, Upload>()
  readonly #late = new Map<string, Upload>()
  readonly #turns = new Turns(uploadsAtATime)
  #failure: unknown
  /** The contents and paths of all files that are or were late. */
  readonly #wereLate = new Set<string>()
  /** True while the list on disk is not that of the late files. */
  #isListStale = false

  /** Takes up the files that an earlier sender left. */
  constructor(options: FileUploadsOptions) {
    this.#options = options
    this.takeUpLate()
  }

  /** True while a file is on its way. */
  get hasPending(): boolean {
    return this.#all().some(({ state }) => state === 'pending')
  }

  /** Uploads what the updates name, as far as that takes no longer than a moment. Throws `RefusedError`. */
  async prepare(files: readonly FileFacts[]): Promise<void> {
    if (files.length > 0) {
      for (const { path } of files) this.#forgetLate(path)
      this.#begin([...new Map(files.map((facts) => [facts.path, facts])).values()], this.#uploads)
      await within(patienceMs, [...this.#uploads.values()])
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Waits until no file is on its way any more, `ms` at most. Throws `RefusedError`. */
  async settled(ms: number): Promise<void> {
    await within(ms, this.#all())
    if (this.#failure !== undefined) throw this.#failure
  }

  /** The batch with the updates of those files only that are uploaded, late ones too. */
  fill(batch: Assembled): Assembled {
    const latest = new Map(
      batch.updates.flatMap((update) => (update.type === 'file' ? [[update.path, update.seq]] : [])),
    )
    const kept = batch.updates.filter((update) => {
      if (update.type !== 'file') return true
      if (latest.get(update.path) !== update.seq) return false
      return this.#uploads.get(update.path)?.state === 'sent'
    })
    for (const [path, upload] of this.#uploads) {
      if (upload.state !== 'pending') continue
      this.#late.set(path, upload)
      this.#wereLate.add(`${upload.facts.sha256} ${path}`)
      this.#isListStale = true
    }
    this.#uploads.clear()
    if (this.#isListStale) this.#writeLate()
    return { ...batch, updates: [...kept, ...this.#lateUpdates(batch)] }
  }

  /**
   * The batch is stored, and what it told of late files with it; unless the server has more than the batch by now: then
   * somebody else sends the log too, and a later batch says it again.
   */
  settle(batch: Assembled, ackSeq: number): void {
    if (ackSeq > batch.lastSeq) return
    for (const update of batch.updates) {
      const isLate = update.type === 'file' && this.#late.get(update.path)?.facts.sha256 === update.sha256
      if (isLate) this.#forgetLate(update.path)
    }
    for (const [path, { state }] of this.#late) if (state === 'lost') this.#forgetLate(path)
    if (this.#isListStale) this.#writeLate()
  }

  /**
   * Takes up the files that another sender, earlier or at the same time, had acknowledged batches without: the server passes
   * over them when they come again.
   */
  takeUpLate(): void {
    for (const facts of this.#readLate()) {
      const key = `${facts.sha256} ${facts.path}`
      if (this.#wereLate.has(key)) continue
      this.#wereLate.add(key)
      if (!this.#late.has(facts.path)) this.#begin([facts], this.#late)
    }
  }

  #forgetLate(path: string): void {
    if (this.#late.delete(path)) this.#isListStale = true
  }

  #all(): Upload[] {
    return [...this.#uploads.values(), ...this.#late.values()]
  }

  #lateUpdates({ firstSeq, lastSeq }: Assembled): FileUpdate[] {
    if (lastSeq < firstSeq) return []
    const sent = [...this.#late.values()].filter(({ state }) => state === 'sent')
    return sent.map(({ facts }) => ({ ...facts, type: 'file', seq: lastSeq }))
  }

  #begin(files: readonly FileFacts[], into: Map<string, Upload>): void {
    for (let from = 0; from < files.length; from += maxOffered) {
      const some = files.slice(from, from + maxOffered)
      const missing = this.#offer(some)
      for (const facts of some) {
        const upload: Upload = { facts, state: 'pending', done: Promise.resolve() }
        upload.done = this.#bring(facts, missing, into === this.#late).then(
          (state) => {
            upload.state = state
          },
          (cause: unknown) => {
            this.#failure ??= cause
          },
        )
        into.set(facts.path, upload)
      }
    }
  }

  async #offer(files: readonly FileFacts[]): Promise<ReadonlySet<string>> {
    const hashes = [...new Set(files.map(({ sha256 }) => sha256))]
    const outcome = await this.#options.insist(() => offerFiles(this.#options.server(), hashes))
    if (outcome.kind !== 'done') throw RefusedError.of(outcome)
    return new Set(outcome.value)
  }

  async #bring(facts: FileFacts, offered: Promise<ReadonlySet<string>>, isLeft: boolean): Promise<State> {
    const path = join(this.#options.directory, filesDirectoryName, facts.path)
    // What another sender left is not told any more when its path has something newer since.
    if (!(await offered).has(facts.sha256))
      return isLeft && (await problemOf(path, facts)) === wasChanged ? 'lost' : 'sent'
    const release = await this.#turns.take()
    try {
      const outcome = await this.#options.insist(async (): Promise<Outcome<null>> => {
        const why = await problemOf(path, facts)
        if (why !== undefined) return { kind: 'refused', why, status: 400, code: null }
        return sendFile(this.#options.server(), { ...facts, path })
      })
      if (outcome.kind === 'done') return 'sent'
      if (outcome.kind === 'refused' && [400, 413, 415, 422].includes(outcome.status)) {
        return this.#lose(facts, outcome.why)
      }
      throw RefusedError.of(outcome)
    } finally {
      release()
    }
  }

  #lose({ path }: FileFacts, why: string): State {
    this.#options.leaveOut(path, why)
    return 'lost'
  }

  #readLate(): FileFacts[] {
    try {
      return z.array(fileFactsSchema).parse(JSON.parse(readFileSync(this.#latePath, 'utf8')))
    } catch {
      return []
    }
  }

  #writeLate(): void {
    this.takeUpLate()
    this.#isListStale = false
    const facts = [...this.#late.values()].filter(({ state }) => state !== 'lost').map((upload) => upload.facts)
    try {
      if (facts.length === 0) {
        rmSync(this.#latePath, { force: true })
        return
      }
      writeFileSync(`${this.#latePath}.new`, JSON.stringify(facts), { flush: true })
      renameSync(`${this.#latePath}.new`, this.#latePath)
    } catch {
      // Only a sender that takes over after this one died would miss these files' names.
    }
  }

  get #latePath(): string {
    return join(this.#options.directory, lateFileName)
  }
}

/** Waits until all uploads are over, `ms` at most. */
async function within(ms: number, uploads: readonly Upload[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([Promise.all(uploads.map(({ done }) => done)), patience])
  clearTimeout(timer)
}

/** Why a file's content is not that which its facts tell; undefined when it is. */
async function problemOf(path: string, { sha256, size }: FileFacts): Promise<string | undefined> {
  try {
    if (statSync(path).size !== size) return wasChanged
    const hash = createHash('sha256')
    await pipeline(createReadStream(path), hash)
    return hash.digest('hex') === sha256 ? undefined : wasChanged
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return 'the file is gone'
    return `the file cannot be read (${cause instanceof Error ? cause.message : String(cause)})`
  }
}
