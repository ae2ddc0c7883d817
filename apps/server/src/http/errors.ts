import { describeIssues, type ErrorBody, type ErrorCode, KirokuError } from '@kiroku/core/errors'
import { TRPCError } from '@trpc/server'
import * as z from 'zod'
import { explainDatabaseError } from '../database/database-errors.ts'

/** tRPC's name of each error code. */
export const trpcCodeByCode = {
  BAD_REQUEST: 'BAD_REQUEST',
  UNAUTHORIZED: 'UNAUTHORIZED',
  FORBIDDEN: 'FORBIDDEN',
  NOT_FOUND: 'NOT_FOUND',
  CONFLICT: 'CONFLICT',
  TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  TOO_MANY_REQUESTS: 'TOO_MANY_REQUESTS',
  UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  INTERNAL: 'INTERNAL_SERVER_ERROR',
} as const satisfies Record<ErrorCode, TRPCError['code']>

const codeByTrpcCode: Partial<Record<TRPCError['code'], ErrorCode>> = {
  BAD_REQUEST: 'BAD_REQUEST',
  PARSE_ERROR: 'BAD_REQUEST',
  METHOD_NOT_SUPPORTED: 'BAD_REQUEST',
  UNSUPPORTED_MEDIA_TYPE: 'BAD_REQUEST',
  UNAUTHORIZED: 'UNAUTHORIZED',
  FORBIDDEN: 'FORBIDDEN',
  NOT_FOUND: 'NOT_FOUND',
  CONFLICT: 'CONFLICT',
  PAYLOAD_TOO_LARGE: 'TOO_LARGE',
  TOO_MANY_REQUESTS: 'TOO_MANY_REQUESTS',
  SERVICE_UNAVAILABLE: 'UNAVAILABLE',
}

const codeByStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  413: 'TOO_LARGE',
  415: 'BAD_REQUEST',
  429: 'TOO_MANY_REQUESTS',
  503: 'UNAVAILABLE',
}

const withStatusSchema = z.object({ statusCode: z.number(), message: z.string() })

/** Any error as a `KirokuError`: the frameworks' by their codes, the databases' by theirs, the rest as INTERNAL. */
export function toKirokuError(error: unknown): KirokuError {
  if (error instanceof TRPCError) return fromTrpc(error)
  const explained = explainDatabaseError(error)
  if (explained instanceof KirokuError) return explained
  const withStatus = withStatusSchema.safeParse(error)
  const code = withStatus.success ? codeByStatus[withStatus.data.statusCode] : undefined
  if (withStatus.success && code !== undefined)
    return new KirokuError({ code, message: withStatus.data.message, cause: error })
  return unexpected(error)
}

const unexpected = (cause: unknown): KirokuError =>
  new KirokuError({ code: 'INTERNAL', message: 'the server failed', cause })

function fromTrpc(error: TRPCError): KirokuError {
  const { cause } = error
  if (cause instanceof z.ZodError && error.code === 'BAD_REQUEST')
    return new KirokuError({ code: 'BAD_REQUEST', message: describeIssues(cause), cause: error })
  if (cause instanceof KirokuError) return cause
  const code = codeByTrpcCode[error.code]
  if (code !== undefined) return new KirokuError({ code, message: error.message, cause: error })
  // tRPC's own failure, as when an answer is not what its schema says: the log needs to know which.
  if (cause === undefined || cause instanceof z.ZodError) return unexpected(error)
  return toKirokuError(cause)
}

/** What a failed request answers with: 5xx answers carry the request's id and nothing of the server's insides. */
export function describeError(error: unknown, requestId: string): ErrorBody {
  const { code, message, details } = toKirokuError(error)
  if (code === 'INTERNAL')
    return { code, message: `the server failed; its log has the cause under the request ${requestId}`, requestId }
  return { code, message, details, requestId }
}

const retryAfterMsSchema = z.object({ retryAfterMs: z.number() })

/** The `Retry-After` header of an error, in whole seconds; undefined when it does not say. */
export function retryAfterSeconds(error: KirokuError): number | undefined {
  const parsed = retryAfterMsSchema.safeParse(error.details)
  return parsed.success ? Math.max(1, Math.ceil(parsed.data.retryAfterMs / 1000)) : undefined
}
