import { setTimeout } from 'node:timers/promises'
import { type ErrorCode, errorBodySchema, errorCodeSchema, httpStatusByCode, KirokuError } from '@kiroku/core/errors'
import { routes } from '@kiroku/core/routes'
import * as z from 'zod'

const timeoutMs = 60_000
/** What has no length that is known before may take this long from its first byte to its last. */
const transferTimeoutMs = 30 * 60_000
const attempts = 6

const refusalSchema = z.union([
  errorBodySchema.pick({ message: true, details: true }),
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => ({ ...error, details: undefined })),
])

/** Plain HTTP to one server with one key. Every request may be sent twice. */
export class ServerHttp {
  readonly url: string
  readonly #key: string

  constructor(url: string, key: string) {
    this.url = url
    this.#key = key
  }

  /** Asks a procedure that changes nothing. */
  async query<T>(procedure: string, input: unknown, schema: z.ZodType<T>): Promise<T> {
    const search = input === undefined ? '' : `?input=${encodeURIComponent(JSON.stringify(input))}`
    return resultOf(schema, await this.json(`${routes.trpc}/${procedure}${search}`, { method: 'GET' }))
  }

  /** Asks a procedure that changes something. */
  async mutate<T>(procedure: string, input: unknown, schema: z.ZodType<T>): Promise<T> {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify(input)
    return resultOf(schema, await this.json(`${routes.trpc}/${procedure}`, { method: 'POST', body, headers }))
  }

  /** The JSON that a request is answered with; undefined for an answer without any. */
  async json(path: string, init: RequestInit): Promise<unknown> {
    return parseJson(await (await this.request(path, init)).text())
  }

  /**
   * The answer to a request, its body unread; one whose body can be read once only is given as a function that makes it.
   * A transfer may take half an hour, an endless one any time. Asks again, later each time, where the server says that it is busy. Throws `KirokuError` for every refusal, and
   * UNAVAILABLE when nobody answers.
   */
  async request(
    path: string,
    init: RequestInit | (() => RequestInit),
    { isTransfer = false, isEndless = false } = {},
  ): Promise<Response> {
    const limitMs = isEndless ? undefined : isTransfer ? transferTimeoutMs : timeoutMs
    for (let attempt = 1; ; attempt++) {
      const response = await this.#fetch(path, typeof init === 'function' ? init() : init, limitMs)
      if (response.ok) return response
      const body = parseJson(await response.text())
      const isBusy = response.status === 429 || response.status === 503
      if (!isBusy || attempt >= attempts) throw this.#refusal(response.status, body)
      await setTimeout(Math.min(10_000, 1000 * (Number(response.headers.get('retry-after')) || 2 ** attempt / 4)))
    }
  }

  async #fetch(path: string, init: RequestInit, limitMs: number | undefined): Promise<Response> {
    const headers = { ...init.headers, authorization: `Bearer ${this.#key}` }
    const signals = [init.signal ?? [], limitMs === undefined ? [] : AbortSignal.timeout(limitMs)].flat()
    try {
      return await fetch(this.url + path, { ...init, headers, signal: AbortSignal.any(signals) })
    } catch (cause) {
      throw new KirokuError({
        code: 'UNAVAILABLE',
        message: `no server answers at ${this.url}: start one with \`kiroku up\`, or name another with --url or KIROKU_URL`,
        cause,
      })
    }
  }

  #refusal(status: number, body: unknown): KirokuError {
    const said = refusalSchema.safeParse(body)
    if (status === 401) {
      return new KirokuError({
        code: 'UNAUTHORIZED',
        message: `${this.url} does not know this API key: get one from its dashboard and run \`kiroku login --url ${this.url}\``,
      })
    }
    const message = said.success ? said.data.message : `the server answered ${status}, which is not a Kiroku answer`
    const details = (said.success ? said.data.details : undefined) ?? {}
    return new KirokuError({ code: codeOfStatus(status), message: `${this.url}: ${message}`, details })
  }
}

function codeOfStatus(status: number): ErrorCode {
  return errorCodeSchema.options.find((code) => httpStatusByCode[code] === status) ?? 'INTERNAL'
}

function resultOf<T>(schema: z.ZodType<T>, answer: unknown): T {
  const { result } = z.object({ result: z.object({ data: z.unknown().optional() }) }).parse(answer)
  return schema.parse(result.data)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
