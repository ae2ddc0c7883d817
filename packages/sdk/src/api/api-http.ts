import { setTimeout } from 'node:timers/promises'
import { busyPauseMs, queryPath, readRefusal, readResult } from '@kiroku/core/answers'
import { KirokuError } from '@kiroku/core/errors'
import { routes } from '@kiroku/core/routes'
import type * as z from 'zod'

const timeoutMs = 60_000
const transferTimeoutMs = 30 * 60_000
const attempts = 5
/** Characters of an input that fit in an address. */
const maxAddressInput = 1500

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
    const text = JSON.stringify(input)
    if (text !== undefined && text.length > maxAddressInput) return this.mutate(procedure, input, schema)
    return this.#procedure(queryPath(procedure, input), { method: 'GET' }, schema)
  }

  /** Asks a procedure that changes something. */
  mutate<T>(procedure: string, input: unknown, schema: z.ZodType<T>): Promise<T> {
    return this.#procedure(`${routes.trpc}/${procedure}`, { method: 'POST', body: JSON.stringify(input) }, schema)
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
    const response = await this.#request(path, request)
    const data = readResult(schema, await this.#read(() => response.text()))
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
      const pauseMs = busyPauseMs(response.status, response.headers.get('retry-after'), attempt)
      if (pauseMs === undefined || attempt >= attempts) throw this.#refusal(response.status, text)
      await setTimeout(pauseMs)
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
    const { code, message = `it answered ${status}, which is not a Kiroku answer` } = readRefusal(status, text)
    const help = code === 'UNAUTHORIZED' ? `; run \`kiroku login --url ${this.url}\`, or set KIROKU_API_KEY` : ''
    return new KirokuError({ code, message: `${this.url}: ${message}${help}` })
  }
}

function networkProblem(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const inner = cause.cause instanceof Error ? cause.cause : cause
  return 'code' in inner && typeof inner.code === 'string' ? inner.code : inner.message
}
