import * as z from 'zod'

/** The closed set of error codes; each maps to one HTTP status and one tRPC code. */
export const errorCodeSchema = z.enum([
  'BAD_REQUEST',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'TOO_LARGE',
  'TOO_MANY_REQUESTS',
  'UNAVAILABLE',
  'INTERNAL',
])
export type ErrorCode = z.infer<typeof errorCodeSchema>

/** HTTP status of each error code. */
export const httpStatusByCode: Readonly<Record<ErrorCode, number>> = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  TOO_LARGE: 413,
  TOO_MANY_REQUESTS: 429,
  UNAVAILABLE: 503,
  INTERNAL: 500,
}

/** What a failed request answers with. 5xx answers carry a request id and nothing of the server's insides. */
export const errorBodySchema = z.object({
  code: errorCodeSchema,
  message: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
  requestId: z.string().optional(),
})
export type ErrorBody = z.infer<typeof errorBodySchema>

export type KirokuErrorOptions = {
  code: ErrorCode
  message: string
  details?: Record<string, unknown>
  cause?: unknown
}

/** The one error class: a code from the closed set, a message for people, details for programs. */
export class KirokuError extends Error {
  readonly code: ErrorCode
  readonly details: Record<string, unknown>

  constructor({ code, message, details, cause }: KirokuErrorOptions) {
    super(message, { cause })
    this.name = 'KirokuError'
    this.code = code
    this.details = details ?? {}
  }
}

/** One line for each thing that is wrong with an input: the field, then what was expected and what came. */
export function describeIssues(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.map(String).join('.') || 'input'}: ${issue.message}`).join('; ')
}

/** Parses outside input. Throws `KirokuError` BAD_REQUEST that names each wrong field, prefixed with `what`. */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown, what: string): T {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  throw new KirokuError({ code: 'BAD_REQUEST', message: `${what}: ${describeIssues(result.error)}` })
}
