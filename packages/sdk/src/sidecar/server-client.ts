import { KirokuError } from '@kiroku/core/errors'
import { frameContentType } from '@kiroku/core/frames'
import { type BatchAck, batchAckSchema, encodeHistoryBatch, type HistoryBatch } from '@kiroku/core/history'
import { routes } from '@kiroku/core/routes'
import { type CreateRunInput, type CreateRunResult, createRunResultSchema } from '@kiroku/core/runs'
import * as z from 'zod'
import { type HttpAnswer, post } from './http.ts'

/** The server and the key that a run goes to. */
export type Server = { url: string; apiKey: string }

/**
 * What came of a request. `again`: it may work later (in `afterMs`, if the server said so). `refused`: it will not.
 * `gap`: the server has records up to `ackSeq` only. `unknown`: the server knows no such writer.
 */
export type Outcome<T> =
  | { kind: 'done'; value: T }
  | { kind: 'again'; why: string; afterMs?: number }
  | { kind: 'refused'; why: string }
  | { kind: 'gap'; ackSeq: number }
  | { kind: 'unknown'; why: string }

const requestTimeoutMs = 60_000

const createAnswerSchema = z.object({ result: z.object({ data: createRunResultSchema }) })

const failureSchema = z.object({
  message: z.string().optional(),
  details: z.object({ ackSeq: z.number().int().nonnegative().optional() }).optional(),
  error: z.object({ message: z.string() }).optional(),
})

/** Says that a run begins; the same call again changes nothing. */
export async function createRun(server: Server, input: CreateRunInput): Promise<Outcome<CreateRunResult>> {
  const body = new TextEncoder().encode(JSON.stringify(input))
  const outcome = await send(server, `${routes.trpc}/runs.create`, 'application/json', body)
  return read(outcome, (json) => createAnswerSchema.parse(json).result.data)
}

/** Sends a batch. */
export async function sendBatch(server: Server, batch: HistoryBatch): Promise<Outcome<BatchAck>> {
  const outcome = await send(server, routes.ingest, frameContentType, encodeHistoryBatch(batch))
  return read(outcome, (json) => batchAckSchema.parse(json))
}

async function send(
  { url, apiKey }: Server,
  path: string,
  contentType: string,
  body: Uint8Array,
): Promise<Outcome<HttpAnswer>> {
  try {
    const answer = await post(url + path, {
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': contentType },
      body,
      timeoutMs: requestTimeoutMs,
    })
    return answer.status === 200 ? { kind: 'done', value: answer } : failure(answer)
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
  const { message, ackSeq } = readFailure(body)
  const why = `${status}${message === undefined ? '' : `: ${message}`}`
  if (status === 409 && ackSeq !== undefined) return { kind: 'gap', ackSeq }
  if (status === 404) return { kind: 'unknown', why }
  if (status >= 500 || statusesToRetry.has(status)) {
    const afterMs = retryAfterMs(headers['retry-after'])
    return { kind: 'again', why, ...(afterMs !== undefined && { afterMs }) }
  }
  return { kind: 'refused', why }
}

function readFailure(body: Buffer): { message: string | undefined; ackSeq: number | undefined } {
  try {
    const failure = failureSchema.parse(JSON.parse(body.toString('utf8')))
    return { message: failure.message ?? failure.error?.message, ackSeq: failure.details?.ackSeq }
  } catch {
    return { message: undefined, ackSeq: undefined }
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
