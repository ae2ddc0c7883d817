import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { KirokuError } from '@kiroku/core/errors'
import type { RunFile } from '@kiroku/core/files'
import { frameContentType } from '@kiroku/core/frames'
import { type BatchAck, batchAckSchema } from '@kiroku/core/history'
import { decodePoints, type Points, type PointsRequest } from '@kiroku/core/points'
import type { ProjectPath } from '@kiroku/core/projects'
import {
  type ConsoleInput,
  type ConsolePage,
  consolePageSchema,
  fileListSchema,
  offeredFilesSchema,
  type RunAddress,
  type RunMetrics,
  type RunPage,
  type RunText,
  runMetricsSchema,
  runPageSchema,
  runTextSchema,
  type TextListInput,
  type TextMetric,
  textMetricSchema,
  type Viewer,
  viewerSchema,
} from '@kiroku/core/queries'
import { routes } from '@kiroku/core/routes'
import { type RunRecord, runRecordSchema } from '@kiroku/core/run-record'
import {
  type CreateRunInput,
  type CreateRunResult,
  createRunResultSchema,
  type Run,
  runSchema,
} from '@kiroku/core/runs'
import { type SqlAnswer, type SqlRequest, sqlAnswerSchema } from '@kiroku/core/sql'
import {
  type OrganizationUsage,
  organizationUsageSchema,
  type ProjectUsageInput,
  type RunUsagePage,
  runUsagePageSchema,
} from '@kiroku/core/usage'
import * as z from 'zod'
import { ArtifactCalls } from './artifact-calls.ts'
import { ServerHttp } from './server-http.ts'

/** A server as the command's own calls need it: one address, one key. All throw `KirokuError`. */
export class ServerClient {
  readonly url: string
  readonly artifacts: ArtifactCalls
  readonly #http: ServerHttp

  constructor(url: string, key: string) {
    this.url = url
    this.#http = new ServerHttp(url, key)
    this.artifacts = new ArtifactCalls(this.#http)
  }

  /** Who the key belongs to. Throws UNAUTHORIZED when the server does not know it. */
  viewer(): Promise<Viewer> {
    return this.#http.query('viewer.me', undefined, viewerSchema)
  }

  /** Makes a run, or finds it again. */
  createRun(input: CreateRunInput): Promise<CreateRunResult> {
    return this.#http.mutate('runs.create', input, createRunResultSchema)
  }

  /** One run. Throws NOT_FOUND that names it when there is none, nor its project. */
  async run(address: RunAddress): Promise<Run> {
    try {
      return await this.#http.query('runs.byId', address, runSchema)
    } catch (cause) {
      if (!(cause instanceof KirokuError) || cause.code !== 'NOT_FOUND') throw cause
      const { organization, project, run } = address
      const message = `${this.url} has no run ${organization}/${project}/${run}; name it as project:id, or by the address of its page`
      throw new KirokuError({ code: 'NOT_FOUND', message, cause })
    }
  }

  /** Deletes a run; within a day the dashboard can bring it back. */
  async deleteRun(address: RunAddress): Promise<void> {
    await this.#http.mutate('runs.delete', address, z.unknown())
  }

  /** What the projects of an organization take. */
  organizationUsage(organization: string): Promise<OrganizationUsage> {
    return this.#http.query('usage.byOrganization', { organization }, organizationUsageSchema)
  }

  /** What the runs of a project take. */
  projectUsage(input: ProjectUsageInput): Promise<RunUsagePage> {
    return this.#http.query('usage.byProject', input, runUsagePageSchema)
  }

  /** A run's files, by path. */
  files(address: RunAddress): Promise<RunFile[]> {
    return this.#http.query('files.list', address, fileListSchema)
  }

  /** What a run printed. */
  consoleLines(input: ConsoleInput): Promise<ConsolePage> {
    return this.#http.query('console.byRun', input, consolePageSchema)
  }

  /**
   * A project's runs, newest first, a page at a time, without config and summary, which of five hundred runs may be larger than
   * an answer can be. Throws NOT_FOUND when there is no such project.
   */
  async *runs(project: ProjectPath): AsyncIterable<Run[]> {
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: RunPage = await this.#http.query(
        'runs.list',
        { ...project, limit: 500, cursor, columns: [] },
        runPageSchema,
      )
      if (page.runs.length > 0) yield page.runs
      cursor = page.nextCursor
    }
  }

  /** Everything that is known of a run beside what it logged. */
  record(address: RunAddress): Promise<RunRecord> {
    return this.#http.query('runs.record', address, runRecordSchema)
  }

  /** A run's metrics, definitions and segments. */
  metrics(address: RunAddress): Promise<RunMetrics> {
    return this.#http.query('metrics.byRun', address, runMetricsSchema)
  }

  /** The metrics of a run whose values are not numbers. */
  textMetrics(address: RunAddress): Promise<TextMetric[]> {
    return this.#http.query('texts.metrics', address, z.array(textMetricSchema))
  }

  /** Some of a run's values that are not numbers. */
  texts(input: TextListInput): Promise<RunText[]> {
    return this.#http.query('texts.byRun', input, z.array(runTextSchema))
  }

  /** Every line that a run printed, as it comes: a `runLineSchema` in JSON each, by writer, then number. */
  jsonLines(address: RunAddress): Promise<Readable> {
    const search = new URLSearchParams({ ...address, format: 'jsonl' })
    return this.#http.stream(`${routes.console}?${search}`, { method: 'GET' }, { isTransfer: true })
  }

  /** Points of a metric, sorted by step: all of them, or a page. */
  async points({ stream = 'history', after, limit, ...request }: PointsRequest): Promise<Points> {
    const search = new URLSearchParams({ stream, ...request })
    if (after !== undefined) search.set('after', String(after))
    if (limit !== undefined) search.set('limit', String(limit))
    const response = await this.#http.request(`${routes.points}?${search}`, { method: 'GET' })
    return decodePoints(new Uint8Array(await response.arrayBuffer()))
  }

  /** Runs a user's query. Throws BAD_REQUEST, with its place in the `details`, when it is wrong. */
  async sql(request: SqlRequest): Promise<SqlAnswer> {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify(request)
    return sqlAnswerSchema.parse(await this.#http.json(routes.sql, { method: 'POST', body, headers }))
  }

  /** Sends an encoded history batch; resolves when it is on the server's disk. */
  async ingest(batch: Uint8Array<ArrayBuffer>): Promise<BatchAck> {
    const headers = { 'content-type': frameContentType }
    return batchAckSchema.parse(await this.#http.json(routes.ingest, { method: 'POST', body: batch, headers }))
  }

  /** Which of these contents (SHA-256) the server lacks. */
  async missingContents(hashes: readonly string[]): Promise<string[]> {
    return (await this.#http.mutate('files.offer', { hashes }, offeredFilesSchema)).missing
  }

  /** Uploads a content, which a `file` update then names. */
  async putContent(sha256: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
    const headers = { 'content-type': 'application/octet-stream' }
    await this.#http.json(`${routes.blobs}/${sha256}`, { method: 'PUT', body, headers })
  }

  /** Uploads a content from disk, a piece at a time. */
  async putFile(sha256: string, file: string): Promise<void> {
    const headers = { 'content-type': 'application/octet-stream' }
    const init = (): RequestInit => ({
      method: 'PUT',
      headers,
      body: Readable.toWeb(createReadStream(file)),
      duplex: 'half',
    })
    await this.#http.request(`${routes.blobs}/${sha256}`, init, { isTransfer: true })
  }

  /** The bytes of one of a run's files, as they come. */
  fileContent(address: RunAddress, path: string): Promise<Readable> {
    const search = new URLSearchParams({ ...address, path })
    return this.#http.stream(`${routes.files}?${search}`, { method: 'GET' }, { isTransfer: true })
  }

  /** Has the server make a backup at a path of its machine; answers the lines that tell of it as they come. */
  backup(directory: string): Promise<Readable> {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ directory })
    return this.#http.stream(routes.backup, { method: 'POST', body, headers }, { isEndless: true })
  }

  /** A project's live stream, as it comes, until `signal` is aborted. */
  async live(project: { organization: string; project: string }, signal: AbortSignal): Promise<Response> {
    const search = new URLSearchParams(project)
    const headers = { accept: 'text/event-stream' }
    return this.#http.request(`${routes.live}?${search}`, { method: 'GET', headers, signal }, { isTransfer: true })
  }
}
