import { KirokuError } from '@kiroku/core/errors'
import type { RunFile } from '@kiroku/core/files'
import { frameContentType } from '@kiroku/core/frames'
import { type BatchAck, batchAckSchema } from '@kiroku/core/history'
import { decodePoints, type Points, type PointsRequest } from '@kiroku/core/points'
import {
  type ConsoleInput,
  type ConsolePage,
  consolePageSchema,
  fileListSchema,
  offeredFilesSchema,
  type RunAddress,
  type Viewer,
  viewerSchema,
} from '@kiroku/core/queries'
import { routes } from '@kiroku/core/routes'
import {
  type CreateRunInput,
  type CreateRunResult,
  createRunResultSchema,
  type Run,
  runSchema,
} from '@kiroku/core/runs'
import * as z from 'zod'
import { ServerHttp } from './server-http.ts'

/** A server as the command's own calls need it: one address, one key. All throw `KirokuError`. */
export class ServerClient {
  readonly url: string
  readonly #http: ServerHttp

  constructor(url: string, key: string) {
    this.url = url
    this.#http = new ServerHttp(url, key)
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

  /** A run's files, by path. */
  files(address: RunAddress): Promise<RunFile[]> {
    return this.#http.query('files.list', address, fileListSchema)
  }

  /** What a run printed. */
  consoleLines(input: ConsoleInput): Promise<ConsolePage> {
    return this.#http.query('console.byRun', input, consolePageSchema)
  }

  /** Every point of a metric, sorted by step. */
  async points(request: PointsRequest): Promise<Points> {
    const search = new URLSearchParams({ stream: 'history', ...request })
    const response = await this.#http.request(`${routes.points}?${search}`, { method: 'GET' })
    return decodePoints(new Uint8Array(await response.arrayBuffer()))
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

  /** The bytes of one of a run's files, as they come. */
  async fileContent(address: RunAddress, path: string): Promise<ReadableStream<Uint8Array>> {
    const search = new URLSearchParams({ ...address, path })
    const response = await this.#http.request(`${routes.files}?${search}`, { method: 'GET' }, { isTransfer: true })
    if (response.body !== null) return response.body
    throw new KirokuError({ code: 'INTERNAL', message: `${this.url}: ${path} came without content` })
  }

  /** Has the server make a backup at a path of its machine; answers the lines that tell of it as they come. */
  async backup(directory: string): Promise<ReadableStream<Uint8Array>> {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ directory })
    const response = await this.#http.request(routes.backup, { method: 'POST', body, headers }, { isEndless: true })
    if (response.body !== null) return response.body
    throw new KirokuError({ code: 'INTERNAL', message: `${this.url} tells nothing of the backup` })
  }

  /** A project's live stream, as it comes, until `signal` is aborted. */
  async live(project: { organization: string; project: string }, signal: AbortSignal): Promise<Response> {
    const search = new URLSearchParams(project)
    const headers = { accept: 'text/event-stream' }
    return this.#http.request(`${routes.live}?${search}`, { method: 'GET', headers, signal }, { isTransfer: true })
  }
}
