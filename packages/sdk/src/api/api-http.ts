import { setTimeout } from 'node:timers/promises'
import { type ErrorCode, errorCodeSchema, httpStatusByCode, KirokuError } from '@kiroku/core/errors'
import { routes } from '@kiroku/core/routes'
import * as z from 'zod'

const timeoutMs = 60_000
const transferTimeoutMs = 30 * 60_000
const attempts = 5
const longestWaitMs = 10_000
const maxAddressInput = 1500

/** How a route refuses, or how a procedure does. */
const refusalSchema = z.union([
  z.object({ message: z.string() }),
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error),
])
const answerSchema = z.object({ result: z.object({ data: z.unknown().optional() }) })

type Request = { method: 'GET' | 'POST'; body?: string; limitMs?: number }

/** Requests to one server with one key. All of them throw `KirokuError`, whose message says what to do. */
export class ApiHttp {
  readonly url: string
  readonly #key: string

  constructor(url: string, key: string) {
    this.url = url
    this.#key = key
  }

  /** Asks a procedure that changes nothing. */
  query<T>(procedure: string, input: unknown, schema: z.ZodType<T>): Promise<T> {
    const text = input === undefined ? undefined : JSON.stringify(input)
    // What does not fit in an address goes as a body.
    if (text !== undefined && text.length > maxAddressInput)
      return this.#procedure(procedure, { method: 'POST', body: text }, schema)
    const search = text === undefined ? '' : `?input=${encodeURIComponent(text)}`
    return this.#procedure(`${procedure}${search}`, { method: 'GET' }, schema)
  }

  /** Asks a procedure that changes something. */
  mutate<T>(procedure: string, input: unknown, schema: z.ZodType<T>): Promise<T> {
    return this.#procedure(procedure, { method: 'POST', body: JSON.stringify(input) }, schema)
  }

  /** Reads a route whole. */
  async bytes(path: string): Promise<Uint8Array> {
    const response = await this.#request(path, { method: 'GET' })
    return new Uint8Array(await this.#read(() => response.arrayBuffer()))
  }

  /** Reads a route piece by piece, for half an hour at most. */
  async *pieces(path: string): AsyncGenerator<Uint8Array> {
    const response = await this.#request(path, { method: 'GET', limitMs: transferTimeoutMs })
    const reader = response.body?.getReader()
    while (reader !== undefined) {
      const { done, value } = await this.#read(() => reader.read())
      if (done) return
      yield value
    }
  }

  async #procedure<T>(path: string, request: Request, schema: z.ZodType<T>): Promise<T> {
    const response = await this.#request(`${routes.trpc}/${path}`, request)
    const answer = answerSchema.safeParse(parseJson(await this.#read(() => response.text())))
    const data = answer.success ? schema.safeParse(answer.data.result.data) : answer
    if (data.success) return data.data
    throw new KirokuError({
      code: 'INTERNAL',
      message: `the answer of ${this.url} makes no sense: is it a Kiroku server, of this SDK's version?`,
      cause: data.error,
    })
  }

  /** Asks again, later each time, where the server says that it is busy. */
  async #request(path: string, request: Request): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const response = await this.#fetch(path, request)
      if (response.ok) return response
      const text = await this.#read(() => response.text())
      const isBusy = response.status === 429 || response.status === 503
      if (!isBusy || attempt >= attempts) throw this.#refusal(response.status, text)
      const seconds = Number(response.headers.get('retry-after')) || 2 ** attempt / 8
      await setTimeout(Math.min(longestWaitMs, seconds * 1000))
    }
  }

  #fetch(path: string, { method, body, limitMs = timeoutMs }: Request): Promise<Response> {
    const headers = {
      authorization: `Bearer ${this.#key}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    }
    const signal = AbortSignal.timeout(limitMs)
    return this.#read(() => fetch(this.url + path, { method, headers, signal, ...(body !== undefined && { body }) }))
  }

  async #read<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (cause) {
      throw new KirokuError({
        code: 'UNAVAILABLE',
        message: `no answer from ${this.url} (${networkProblem(cause)}): is the server up, and the address right?`,
        cause,
      })
    }
  }

  #refusal(status: number, text: string): KirokuError {
    const said = refusalSchema.safeParse(parseJson(text))
    const message = said.success ? said.data.message : `it answered ${status}, which is not a Kiroku answer`
    const code = codeOfStatus(status)
    const help = code === 'UNAUTHORIZED' ? `; run \`kiroku login --url ${this.url}\`, or set KIROKU_API_KEY` : ''
    return new KirokuError({ code, message: `${this.url}: ${message}${help}` })
  }
}

function codeOfStatus(status: number): ErrorCode {
  return errorCodeSchema.options.find((code) => httpStatusByCode[code] === status) ?? 'INTERNAL'
}

function networkProblem(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const inner = cause.cause instanceof Error ? cause.cause : cause
  return 'code' in inner && typeof inner.code === 'string' ? inner.code : inner.message
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
