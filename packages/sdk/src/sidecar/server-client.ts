import { createReadStream } from 'node:fs'
import { type ErrorCode, errorBodySchema, errorCodeSchema, KirokuError } from '@kiroku/core/errors'
import { frameContentType } from '@kiroku/core/frames'
import { type BatchAck, batchAckSchema, encodeHistoryBatch, type HistoryBatch } from '@kiroku/core/history'
import { offeredFilesSchema } from '@kiroku/core/queries'
import { routes } from '@kiroku/core/routes'
import { type CreateRunInput, type CreateRunResult, createRunResultSchema } from '@kiroku/core/runs'
import * as z from 'zod'
import { type HttpAnswer, type HttpBody, request } from './http.ts'

/** The server and the key that a run goes to; what ends its requests. */
export type Server = { url: string; apiKey: string; signal?: AbortSignal | undefined }

/**
 * What came of a request. `again`: it may work later (in `afterMs`, if the server said so). `refused`: it will not as it
 * is; `code` is the server's own where it named one. `gap`: the server has records up to `ackSeq` only. `unknown`: there
 * is no such thing there.
 */
export type Outcome<T> =
  | { kind: 'done'; value: T }
  | { kind: 'again'; why: string; afterMs?: number }
  | { kind: 'refused'; why: string; status: number; code: ErrorCode | null }
  | { kind: 'gap'; ackSeq: number }
  | { kind: 'unknown'; why: string; code: ErrorCode | null }

const requestTimeoutMs = 60_000
/** A run that goes on is told all of its config and summary; the sidecar's heap holds several copies of that. */
const maxCreatedBytes = 64 * 1024 * 1024

const createAnswerSchema = z.object({ result: z.object({ data: createRunResultSchema }) })

const failureSchema = z.object({
  code: errorCodeSchema.optional().catch(undefined),
  message: z.string().optional(),
  details: z.object({ ackSeq: z.number().int().nonnegative().optional() }).optional(),
  error: z
    .object({
      message: z.string(),
      data: z.object({ error: errorBodySchema.optional().catch(undefined) }).optional(),
    })
    .optional(),
})

const offerAnswerSchema = z.object({ result: z.object({ data: offeredFilesSchema }) })

/** Says that a run begins; the same call again changes nothing. */
export async function createRun(server: Server, input: CreateRunInput): Promise<Outcome<CreateRunResult>> {
  const body = new TextEncoder().encode(JSON.stringify(input))
  const asked = { ...server, maxAnswerBytes: maxCreatedBytes }
  const outcome = await send(asked, `${routes.trpc}/runs.create`, 'application/json', body)
  return read(outcome, (json) => createAnswerSchema.parse(json).result.data)
}

/** Sends a batch. */
export async function sendBatch(server: Server, batch: HistoryBatch): Promise<Outcome<BatchAck>> {
  const outcome = await send(server, routes.ingest, frameContentType, encodeHistoryBatch(batch))
  return read(outcome, (json) => batchAckSchema.parse(json))
}

/** Asks which of these contents the server lacks. */
export async function offerFiles(server: Server, hashes: readonly string[]): Promise<Outcome<string[]>> {
  const body = new TextEncoder().encode(JSON.stringify({ hashes }))
  const outcome = await send(server, `${routes.trpc}/files.offer`, 'application/json', body)
  return read(outcome, (json) => offerAnswerSchema.parse(json).result.data.missing)
}

/** Sends a file's content from disk. */
export async function sendFile(
  server: Server,
  { path, sha256, size, mime }: { path: string; sha256: string; size: number; mime: string },
): Promise<Outcome<null>> {
  const body = size === 0 ? new Uint8Array() : { stream: createReadStream(path, { end: size - 1 }), size }
  const outcome = await send({ ...server, method: 'PUT' }, `${routes.blobs}/${sha256}`, mime, body)
  return outcome.kind === 'done' ? { kind: 'done', value: null } : outcome
}

type SendOptions = { method?: 'POST' | 'PUT'; maxAnswerBytes?: number }

async function send(
  { url, apiKey, signal, method = 'POST', maxAnswerBytes }: Server & SendOptions,
  path: string,
  contentType: string,
  body: HttpBody,
): Promise<Outcome<HttpAnswer>> {
  try {
    const answer = await request(method, url + path, {
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': contentType },
      body,
      timeoutMs: requestTimeoutMs,
      ...(signal && { signal }),
      ...(maxAnswerBytes !== undefined && { maxAnswerBytes }),
    })
    return answer.status >= 200 && answer.status < 300 ? { kind: 'done', value: answer } : failure(answer)
  } catch (cause) {
    return { kind: 'again', why: networkProblem(cause) }
  }
}

function read<T>(outcome: Outcome<HttpAnswer>, parse: (json: unknown) => T): Outcome<T> {
  if (outcome.kind !== 'done') return outcome
  try {
    return { kind: 'done', value: parse(JSON.parse(outcome.value.body.toString('utf8'))) }
  } catch {
    return { kind: 'again', why: 'its answer makes no sense (is a Kiroku server behind this address?)' }
  }
}

function networkProblem(cause: unknown): string {
  if (cause instanceof KirokuError) throw cause
  if (!(cause instanceof Error)) return String(cause)
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
}

const statusesToRetry = new Set([408, 425, 429])

function failure({ status, headers, body }: HttpAnswer): Outcome<never> {
  const { message, ackSeq, code } = readFailure(body)
  const why = `${status}${message === undefined ? '' : `: ${message}`}`
  if (status === 409 && ackSeq !== undefined) return { kind: 'gap', ackSeq }
  if (status === 404) return { kind: 'unknown', why, code }
  if (status >= 500 || statusesToRetry.has(status)) {
    const afterMs = retryAfterMs(headers['retry-after'])
    return { kind: 'again', why, ...(afterMs !== undefined && { afterMs }) }
  }
  return { kind: 'refused', why, status, code }
}

type Failure = { message: string | undefined; ackSeq: number | undefined; code: ErrorCode | null }

function readFailure(body: Buffer): Failure {
  try {
    const { error, ...own } = failureSchema.parse(JSON.parse(body.toString('utf8')))
    return {
      message: own.message ?? error?.message,
      ackSeq: own.details?.ackSeq,
      code: own.code ?? error?.data?.error?.code ?? null,
    }
  } catch {
    return { message: undefined, ackSeq: undefined, code: null }
  }
}

/** The wait that a Retry-After header asks for, in milliseconds: it holds seconds or a date. */
export function retryAfterMs(header: string | undefined, now: number = Date.now()): number | undefined {
  if (header === undefined || header.trim() === '') return undefined
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
