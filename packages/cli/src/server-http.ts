import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { busyPauseMs, queryPath, readRefusal, readResult } from '@kiroku/core/answers'
import { KirokuError } from '@kiroku/core/errors'
import { parseJson } from '@kiroku/core/json'
import { routes } from '@kiroku/core/routes'
import type * as z from 'zod'

const timeoutMs = 60_000
/** What has no length that is known before may take this long from its first byte to its last. */
const transferTimeoutMs = 30 * 60_000
const attempts = 6

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
    return this.#result(schema, await this.request(queryPath(procedure, input), { method: 'GET' }))
  }

  /** Asks a procedure that changes something. */
  async mutate<T>(procedure: string, input: unknown, schema: z.ZodType<T>): Promise<T> {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify(input)
    return this.#result(schema, await this.request(`${routes.trpc}/${procedure}`, { method: 'POST', body, headers }))
  }

  /** The JSON that a request is answered with; undefined for an answer without any. */
  async json(path: string, init: RequestInit): Promise<unknown> {
    return parseJson(await this.#text(await this.request(path, init)))
  }

  /** The body of an answer, as it comes; one that breaks off ends with UNAVAILABLE. */
  async stream(path: string, init: RequestInit, limits: { isTransfer?: true; isEndless?: true }): Promise<Readable> {
    const { body } = await this.request(path, init, limits)
    if (body === null) throw new KirokuError({ code: 'INTERNAL', message: `${this.url} answered without content` })
    return Readable.from(this.#pieces(body), { objectMode: false })
  }

  async *#pieces(body: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
    try {
      yield* Readable.fromWeb(body)
    } catch (cause) {
      throw this.#brokeOff(cause)
    }
  }

  async #text(response: Response): Promise<string> {
    try {
      return await response.text()
    } catch (cause) {
      throw this.#brokeOff(cause)
    }
  }

  #brokeOff(cause: unknown): KirokuError {
    return new KirokuError({
      code: 'UNAVAILABLE',
      message: `${this.url} broke off its answer; is the server up?`,
      cause,
    })
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
      const text = await this.#text(response)
      const pauseMs = busyPauseMs(response.status, response.headers.get('retry-after'), attempt)
      if (pauseMs === undefined || attempt >= attempts) throw this.#refusal(response.status, text)
      await setTimeout(pauseMs)
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

  async #result<T>(schema: z.ZodType<T>, response: Response): Promise<T> {
    const result = readResult(schema, await this.#text(response))
    if (result.success) return result.data
    throw new KirokuError({
      code: 'INTERNAL',
      message: `the answer of ${this.url} makes no sense: is it a Kiroku server, of this command's version?`,
      cause: result.error,
    })
  }

  #refusal(status: number, text: string): KirokuError {
    const {
      code,
      details,
      message = `the server answered ${status}, which is not a Kiroku answer`,
    } = readRefusal(status, text)
    if (code === 'UNAUTHORIZED') {
      return new KirokuError({
        code,
        message: `${this.url} does not know this API key: get one from its dashboard and run \`kiroku login --url ${this.url}\``,
      })
    }
    return new KirokuError({ code, message: `${this.url}: ${message}`, details })
  }
}
