import { createHash } from 'node:crypto'
import { type IncomingHttpHeaders, request } from 'node:http'
import { frameContentType } from '@kiroku/core/frames'
import {
  type BatchAck,
  batchAckSchema,
  type ConsoleLine,
  emptyRowBlock,
  encodeHistoryBatch,
  type HistoryBatch,
  type MetricColumn,
  type RowBlock,
  type RunUpdate,
  type Stream,
  type TextPoint,
} from '@kiroku/core/history'
import { newRunSlug, newWriterId } from '@kiroku/core/ids'
import { decodePoints, type Points } from '@kiroku/core/points'
import { routes } from '@kiroku/core/routes'
import type { CreateRunInput, CreateRunResult } from '@kiroku/core/runs'
import { decodeSeriesAnswer, type SeriesAnswer, type SeriesRequest } from '@kiroku/core/series'
import { createTRPCClient, httpBatchLink, type TRPCClient } from '@trpc/client'
import type { AppRouter, RunningServer } from '../index.ts'

/** Where a test's requests go and who they are from. */
export type Caller = { url: string; apiKey: string }

/** A typed client of all procedures. */
export function client({ url, apiKey }: Caller): TRPCClient<AppRouter> {
  return createTRPCClient<AppRouter>({
    links: [httpBatchLink({ url: url + routes.trpc, headers: { authorization: `Bearer ${apiKey}` } })],
  })
}

let organizations = 0

/** A new organization with its own key, so that tests on one server do not see each other. */
export async function testOrganization(
  server: Pick<RunningServer, 'url' | 'createOrganization'>,
): Promise<Caller & { organization: string }> {
  organizations++
  const { organization, apiKey } = await server.createOrganization(`test-${process.pid}-${organizations}`)
  return { url: server.url, organization, apiKey }
}

/** A run that a writer has just begun, and what its batches must name. */
export type TestRun = CreateRunResult & { writer: string }

/** Begins a run with a new writer. */
export async function testRun(caller: Caller, input: Partial<CreateRunInput> = {}): Promise<TestRun> {
  const writer = input.writer ?? newWriterId()
  const created = await client(caller).runs.create.mutate({
    project: 'demo',
    run: newRunSlug(),
    startedAt: Date.now(),
    ...input,
    writer,
  })
  return { ...created, writer }
}

/** One row to log. `time` is unix milliseconds. */
export type TestRow = { step: number; time?: number; values: Record<string, number> }

export type BatchParts = {
  firstSeq?: number
  rows?: readonly TestRow[]
  systemRows?: readonly TestRow[]
  texts?: readonly Omit<TextPoint, 'seq'>[]
  updates?: readonly RunUpdateWithoutSeq[]
  console?: readonly Omit<ConsoleLine, 'seq'>[]
}

type WithoutSeq<T> = T extends unknown ? Omit<T, 'seq'> : never
export type RunUpdateWithoutSeq = WithoutSeq<RunUpdate>

/** A batch of rows, then system rows, texts, updates and lines, numbered in this order from `firstSeq` (1 when left out). */
export function batchOf(run: Pick<TestRun, 'project' | 'run' | 'writer'>, parts: BatchParts): HistoryBatch {
  const { firstSeq = 1, rows = [], systemRows = [], texts = [], updates = [], console = [] } = parts
  let seq = firstSeq
  const history = rows.length > 0 ? blockOf(rows, seq) : emptyRowBlock()
  seq += rows.length
  const system = systemRows.length > 0 ? blockOf(systemRows, seq) : emptyRowBlock()
  seq += systemRows.length
  const numberedTexts = texts.map((text) => ({ ...text, seq: seq++ }))
  const numberedUpdates = updates.map((update): RunUpdate => ({ ...update, seq: seq++ }))
  const numberedLines = console.map((line) => ({ ...line, seq: seq++ }))
  const { project, run: slug, writer } = run
  return {
    project,
    run: slug,
    writer,
    firstSeq,
    lastSeq: seq - 1,
    history,
    system,
    texts: numberedTexts,
    updates: numberedUpdates,
    console: numberedLines,
  }
}

function blockOf(rows: readonly TestRow[], firstSeq: number): RowBlock {
  const names = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))]
  const metrics = names.map((name): MetricColumn => {
    const having = rows.flatMap(({ values }, index) =>
      values[name] === undefined ? [] : [{ index, value: values[name] }],
    )
    return {
      name,
      rows: having.length === rows.length ? null : new Uint32Array(having.map(({ index }) => index)),
      values: new Float64Array(having.map(({ value }) => value)),
    }
  })
  return {
    seqs: new Float64Array(rows.map((_, index) => firstSeq + index)),
    steps: new Float64Array(rows.map(({ step }) => step)),
    times: new Float64Array(rows.map(({ step, time }) => time ?? 1_700_000_000_000 + step * 1000)),
    metrics,
  }
}

/** Sends bytes to the ingest route; answers the bare response. */
export function postBytes({ url, apiKey }: Caller, bytes: Uint8Array<ArrayBuffer>): Promise<Response> {
  return fetch(url + routes.ingest, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': frameContentType },
    body: bytes,
  })
}

/** Sends a batch. Throws with the server's answer when it is not acknowledged. */
export async function postBatch(caller: Caller, batch: HistoryBatch): Promise<BatchAck> {
  const response = await postBytes(caller, encodeHistoryBatch(batch))
  return batchAckSchema.parse(await (await expectOk(response)).json())
}

/** Uploads a content, and answers what a `file` update names it by. Throws with the server's answer when it fails. */
export async function uploadBlob(
  caller: Caller,
  content: string | Uint8Array<ArrayBuffer>,
): Promise<{ sha256: string; size: number }> {
  const sha256 = sha256Of(content)
  await expectOk(await putBlob(caller, sha256, content))
  return { sha256, size: Buffer.byteLength(content) }
}

/** PUTs a content under a hash, whether it is its own or not, and answers what the server does. */
export function putBlob(
  { url, apiKey }: Caller,
  sha256: string,
  content: string | Uint8Array<ArrayBuffer>,
): Promise<Response> {
  return fetch(`${url}${routes.blobs}/${sha256}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/octet-stream' },
    body: content,
  })
}

/** The SHA-256 of a content, as 64 hexadecimal digits. */
export function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** Uploads a content and gives it to a run as a file, in a batch of its own. Throws when the server does not take it. */
export async function attachFile(
  caller: Caller,
  run: TestRun,
  file: { path: string; content: string | Uint8Array<ArrayBuffer>; mime?: string; firstSeq?: number },
): Promise<BatchAck> {
  const { path, content, mime = 'text/plain', firstSeq = 1 } = file
  const blob = await uploadBlob(caller, content)
  return postBatch(caller, batchOf(run, { firstSeq, updates: [{ type: 'file', path, mime, ...blob }] }))
}

/** Asks for a run's file, and answers what the server does. */
export function fetchFile(
  { url, apiKey }: Caller,
  address: { organization: string; project: string; run: string; path: string },
  headers: Record<string, string> = {},
): Promise<Response> {
  const { organization, project, run, path } = address
  return fetch(`${url}${routes.files}?${new URLSearchParams({ organization, project, run, path })}`, {
    headers: { authorization: `Bearer ${apiKey}`, ...headers },
  })
}

/** Reads a chart's series. Throws with the server's answer when it fails. */
export async function fetchSeries({ url, apiKey }: Caller, request: SeriesRequest): Promise<SeriesAnswer> {
  const response = await fetch(url + routes.series, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(request),
  })
  return decodeSeriesAnswer(new Uint8Array(await (await expectOk(response)).arrayBuffer()))
}

/** Reads every point of one metric, sorted by step. Throws with the server's answer when it fails. */
export async function readPoints(
  { url, apiKey }: Caller,
  address: { organization: string; project: string; run: string; metric: string; stream?: Stream },
): Promise<Points> {
  const response = await fetch(`${url}${routes.points}?${new URLSearchParams(address)}`, {
    headers: { authorization: `Bearer ${apiKey}` },
  })
  return decodePoints(new Uint8Array(await (await expectOk(response)).arrayBuffer()))
}

async function expectOk(response: Response): Promise<Response> {
  if (response.ok) return response
  throw new Error(`${response.status} ${await response.text()}`)
}

/** One request as it is, with any headers: `fetch` does not let tests choose `Host` or `Origin`. */
export function rawRequest(
  url: string,
  options: { method?: string; path?: string; headers?: Record<string, string>; body?: string | Uint8Array } = {},
): Promise<RawResponse> {
  const { method = 'GET', path, headers = {}, body } = options
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, ...(path !== undefined && { path }) }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

export type RawResponse = { status: number; headers: IncomingHttpHeaders; text: string }

/** Tries until `attempt` does not throw, and answers what it then answers; throws its last error after `timeoutMs`. */
export async function until<T>(attempt: () => T | Promise<T>, timeoutMs = 45_000): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
