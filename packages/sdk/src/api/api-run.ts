import { parseInput } from '@kiroku/core/errors'
import { fileListSchema, type RunAddress } from '@kiroku/core/queries'
import { runPath } from '@kiroku/core/routes'
import {
  type GitFacts,
  type HostFacts,
  type Run,
  type RunLabels,
  type RunLabelsPatch,
  type RunState,
  runLabelsPatchSchema,
  runSchema,
  tagsInputSchema,
} from '@kiroku/core/runs'
import * as z from 'zod'
import { cleanLabels } from '../settings.ts'
import { ApiFile } from './api-file.ts'
import type { ApiHttp } from './api-http.ts'
import type { HistoryOptions, HistoryRow, SystemRow } from './history-rows.ts'
import { type EditableRecord, editable, RemoteRecord } from './remote-record.ts'
import { RunReader } from './run-reader.ts'

/**
 * A run as the server has it. Labels, config and summary are changed by setting them, then sent by `update()`; nothing
 * here adds to the history. All that asks the server throws `KirokuError`.
 */
export class ApiRun {
  readonly id: string
  readonly organization: string
  readonly project: string
  /** `update()` of it sends everything that changed. */
  readonly config: EditableRecord
  /** By dotted names. A value that is set stands until the metric is logged again. */
  readonly summary: EditableRecord
  readonly #http: ApiHttp
  readonly #config: RemoteRecord
  readonly #summary: RemoteRecord
  readonly #reader: RunReader
  #stored: Run
  #labels: RunLabelsPatch = {}
  #sent: Promise<unknown> = Promise.resolve()

  constructor(http: ApiHttp, stored: Run) {
    this.id = stored.slug
    this.organization = stored.organization
    this.project = stored.project
    this.#http = http
    this.#stored = stored
    this.#config = new RemoteRecord(stored.config, { isFlat: false })
    this.#summary = new RemoteRecord(stored.summary, { isFlat: true })
    this.config = editable(this.#config, () => this.update())
    this.summary = editable(this.#summary, () => this.update())
    this.#reader = new RunReader(http, this.#address)
  }

  /** `organization/project/id`. */
  get path(): string {
    return `${this.organization}/${this.project}/${this.id}`
  }

  /** The run's page. */
  get url(): string {
    return this.#http.url + runPath(this.#address)
  }

  get state(): RunState {
    return this.#stored.state
  }

  get exitCode(): number | null {
    return this.#stored.exitCode
  }

  /** The highest step that was logged; null before the first. */
  get lastStep(): number | null {
    return this.#stored.lastStep
  }

  /** How long its scripts ran in all, in seconds. */
  get runtime(): number {
    return this.#stored.runtimeMs / 1000
  }

  get createdAt(): Date {
    return new Date(this.#stored.createdAt)
  }

  get startedAt(): Date {
    return new Date(this.#stored.startedAt)
  }

  /** Null while it runs. */
  get finishedAt(): Date | null {
    return this.#stored.finishedAt === null ? null : new Date(this.#stored.finishedAt)
  }

  /** When its script was heard of last. */
  get heartbeatAt(): Date {
    return new Date(this.#stored.heartbeatAt)
  }

  get git(): GitFacts {
    return this.#stored.git
  }

  get host(): HostFacts {
    return this.#stored.host
  }

  get name(): string {
    return this.#label('displayName')
  }

  set name(name: string) {
    this.#relabel({ displayName: name })
  }

  get tags(): readonly string[] {
    return this.#label('tags')
  }

  /** A list, or one string, which is one tag. */
  set tags(tags: string | readonly string[]) {
    this.#relabel({ tags: parseInput(z.unknown().pipe(tagsInputSchema), tags, 'tags') })
  }

  get group(): string | null {
    return this.#label('group')
  }

  set group(group: string | null) {
    this.#relabel({ group })
  }

  get jobType(): string | null {
    return this.#label('jobType')
  }

  set jobType(jobType: string | null) {
    this.#relabel({ jobType })
  }

  get notes(): string | null {
    return this.#label('notes')
  }

  set notes(notes: string | null) {
    this.#relabel({ notes })
  }

  /** Sends what changed since it was sent last. What could not be sent is still to be sent. */
  update(): Promise<void> {
    const sending = this.#sent.then(() => this.#send())
    this.#sent = sending.catch(() => {})
    return sending
  }

  /** Asks the server for the run as it is now; what was changed here and not sent stays changed. */
  async reload(): Promise<void> {
    const stored = await this.#http.query('runs.byId', this.#address, runSchema)
    this.#stored = stored
    this.#config.refresh(stored.config)
    this.#summary.refresh(stored.summary)
  }

  /** All rows of the history, by step: exact, with non-finite numbers as they are. */
  async history(options: HistoryOptions = {}): Promise<HistoryRow[]> {
    return collect(this.#reader.history(options))
  }

  /** The rows of the history one by one, for a run with more of them than should be in a list. */
  scanHistory(options: HistoryOptions = {}): AsyncIterableIterator<HistoryRow> {
    return this.#reader.history(options)
  }

  /** What was sampled of the machine, by time. */
  async systemMetrics(): Promise<SystemRow[]> {
    return collect(this.#reader.system())
  }

  /** The run's files, by path. */
  async files(): Promise<ApiFile[]> {
    const files = await this.#http.query('files.list', this.#address, fileListSchema)
    return files.map((facts) => new ApiFile(this.#http, this.#address, facts))
  }

  /** One file by its path; whether there is one shows when it is downloaded. */
  file(path: string): ApiFile {
    return new ApiFile(this.#http, this.#address, { path })
  }

  /** Removes the run; the dashboard can bring it back for a day. */
  async delete(): Promise<void> {
    await this.#http.mutate('runs.delete', this.#address, z.unknown())
  }

  get #address(): RunAddress {
    return { organization: this.organization, project: this.project, run: this.id }
  }

  #label<Name extends keyof RunLabels>(name: Name): RunLabels[Name] {
    const labels: RunLabels = { ...this.#stored, ...this.#labels }
    return labels[name]
  }

  #relabel(set: RunLabelsPatch): void {
    this.#labels = { ...this.#labels, ...cleanLabels(parseInput(runLabelsPatchSchema, set, 'run')) }
  }

  async #send(): Promise<void> {
    const set = this.#labels
    const config = this.#config.take()
    const summary = this.#summary.take()
    if (Object.keys(set).length === 0 && config === undefined && summary === undefined) return
    const input = { ...this.#address, set, ...(config && { config }), ...(summary && { summary }) }
    try {
      const stored = await this.#http.mutate('runs.update', input, runSchema)
      this.#stored = stored
      // What was set while this was under way is a record of its own, still to be sent.
      if (this.#labels === set) this.#labels = {}
      this.#config.settle(stored.config)
      this.#summary.settle(stored.summary)
    } catch (cause) {
      this.#config.settle(undefined)
      this.#summary.settle(undefined)
      throw cause
    }
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}
