import * as z from 'zod'
import { type ErrorCode, errorBodySchema, errorCodeSchema, httpStatusByCode } from './errors.ts'
import { parseJson } from './json.ts'
import { routes } from './routes.ts'

/** Where a procedure is asked that changes nothing: its input is in the address, in JSON. */
export function queryPath(procedure: string, input: unknown): string {
  const search = input === undefined ? '' : `?input=${encodeURIComponent(JSON.stringify(input))}`
  return `${routes.trpc}/${procedure}${search}`
}

const resultSchema = z.object({ result: z.object({ data: z.unknown().optional() }) })

/** What a procedure answered, or why that makes no sense. */
export type ProcedureResult<T> = { success: true; data: T } | { success: false; error: z.ZodError }

/** Reads the text of a procedure's answer. */
export function readResult<T>(schema: z.ZodType<T>, text: string): ProcedureResult<T> {
  const answer = resultSchema.safeParse(parseJson(text))
  return answer.success ? schema.safeParse(answer.data.result.data) : answer
}

/** Why a request was refused; `message` is undefined where it was not Kiroku that answered. */
export type Refusal = { code: ErrorCode; message: string | undefined; details: Record<string, unknown> }

/** How a route refuses, or how a procedure does. */
const refusalSchema = z.union([
  errorBodySchema.pick({ message: true, details: true }),
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => ({ ...error, details: undefined })),
])

/** Reads the status and the text of an answer that is not 2xx. */
export function readRefusal(status: number, text: string): Refusal {
  const code = errorCodeSchema.options.find((known) => httpStatusByCode[known] === status) ?? 'INTERNAL'
  const said = refusalSchema.safeParse(parseJson(text)).data
  return { code, message: said?.message, details: said?.details ?? {} }
}

const longestPauseMs = 10_000

/**
 * How long to wait before a request is sent again that was refused for the `attempt`th time because the server is busy, in
 * milliseconds: as long as its `retry-after` header says, in seconds, and else twice as long each time. Undefined for any
 * other refusal.
 */
export function busyPauseMs(status: number, retryAfter: string | null, attempt: number): number | undefined {
  if (status !== httpStatusByCode.TOO_MANY_REQUESTS && status !== httpStatusByCode.UNAVAILABLE) return undefined
  const seconds = Number(retryAfter) || 2 ** attempt / 8
  return Math.min(longestPauseMs, seconds * 1000)
}
