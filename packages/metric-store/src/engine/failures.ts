import { KirokuError } from '@kiroku/core/errors'

/** ClickHouse's own error numbers, as far as they mean something to the store's caller. */
const clickhouseCodes = {
  outOfTime: [159, 160],
  outOfMemory: [173, 241],
  tooLargeAnswer: [396],
  outOfRoom: [75, 243],
  readOnly: [481],
  /** A server of a cluster could not reach another one. */
  shardLost: [32, 209, 210, 279],
  /** A replicated table whose Keeper is away takes nothing. */
  keeperLost: [225, 242, 999],
} as const

/** What a socket says when nobody answers at its other end. */
const unreachableCodes = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  // What `fetch` makes of some of these.
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
])

/** Whether the server itself did not answer, and so nothing of the statement may have been done. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && typeof error.code === 'string' && unreachableCodes.has(error.code)) return true
  return isUnreachable(error.cause)
}

/** Turns what the engine threw into a `KirokuError` of one line; one that is a `KirokuError` already stays. */
export function engineFailure(what: string, cause: unknown): KirokuError {
  if (cause instanceof KirokuError) return cause
  const text = cause instanceof Error ? cause.message : String(cause)
  const code = clickhouseCodeOf(text, cause)
  const known = code === undefined ? explainSilence(cause) : explain(code, text)
  if (known) return new KirokuError({ ...known, message: `${what}: ${known.message}`, cause })
  return new KirokuError({ code: 'INTERNAL', message: `${what}: ${firstLine(text)}`, cause })
}

/** The number of a ClickHouse error: from its message, or from the field that the HTTP client puts it in. */
export function clickhouseCodeOf(text: string, cause: unknown): number | undefined {
  const inText = /Code: (\d+)\./.exec(text)?.[1]
  if (inText) return Number(inText)
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return undefined
  return typeof cause.code === 'string' && /^\d+$/.test(cause.code) ? Number(cause.code) : undefined
}

function explain(code: number, text: string): { code: 'UNAVAILABLE' | 'TOO_LARGE'; message: string } | undefined {
  const isOneOf = (codes: readonly number[]): boolean => codes.includes(code)
  if (isOneOf(clickhouseCodes.outOfRoom) || /No space left on device/i.test(text))
    return { code: 'UNAVAILABLE', message: 'the disk is full' }
  if (isOneOf(clickhouseCodes.readOnly) || /Permission denied|Read-only file system/i.test(text))
    return { code: 'UNAVAILABLE', message: 'its directory cannot be written' }
  if (isOneOf(clickhouseCodes.outOfMemory))
    return { code: 'TOO_LARGE', message: 'it needs more memory than is allowed' }
  if (isOneOf(clickhouseCodes.tooLargeAnswer))
    return { code: 'TOO_LARGE', message: 'its answer is larger than is allowed' }
  if (isOneOf(clickhouseCodes.shardLost))
    return { code: 'UNAVAILABLE', message: 'a shard of the cluster does not answer' }
  if (isOneOf(clickhouseCodes.keeperLost))
    return { code: 'UNAVAILABLE', message: 'ClickHouse takes nothing while its Keeper does not answer' }
  if (isOneOf(clickhouseCodes.outOfTime)) return { code: 'UNAVAILABLE', message: 'it took longer than is allowed' }
  return undefined
}

function explainSilence(cause: unknown): { code: 'UNAVAILABLE'; message: string } | undefined {
  return isUnreachable(cause) ? { code: 'UNAVAILABLE', message: 'ClickHouse does not answer' } : undefined
}

/** The first line of a message, without the stack and version that ClickHouse puts behind it. */
export function firstLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim())
  return (lines.find((line) => line !== '') ?? 'unknown error').slice(0, 500)
}

/** What the caller of a query is told whose answer has more than `maxBytes`. */
export function tooLarge(maxBytes: number): KirokuError {
  return new KirokuError({
    code: 'TOO_LARGE',
    message: `the answer is larger than ${maxBytes / 1e6} MB: select fewer columns or rows`,
  })
}
