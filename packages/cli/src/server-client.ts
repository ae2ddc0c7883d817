import { setTimeout } from 'node:timers/promises'
import { type ErrorCode, errorCodeSchema, httpStatusByCode, KirokuError } from '@kiroku/core/errors'
import { frameContentType } from '@kiroku/core/frames'
import { type BatchAck, batchAckSchema } from '@kiroku/core/history'
import { type Viewer, viewerSchema } from '@kiroku/core/queries'
import { routes } from '@kiroku/core/routes'
import { type CreateRunInput, type CreateRunResult, createRunResultSchema } from '@kiroku/core/runs'
import * as z from 'zod'

const timeoutMs = 60_000
const attempts = 6

const refusalSchema = z.union([
  z.object({ code: errorCodeSchema, message: z.string() }),
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => ({ message: error.message })),
])

/** A server as the command's own calls need it: one address, one key. */
export class ServerClient {
  readonly url: string
  readonly #key: string

  constructor(url: string, key: string) {
    this.url = url
    this.#key = key
  }

  /** Who the key belongs to. Throws UNAUTHORIZED when the server does not know it. */
  async viewer(): Promise<Viewer> {
    const answer = await this.#request(`${routes.trpc}/viewer.me`, { method: 'GET' })
    return resultOf(viewerSchema, answer)
  }

  /** Makes a run, or finds it again. */
  async createRun(input: CreateRunInput): Promise<CreateRunResult> {
    const body = JSON.stringify(input)
    const headers = { 'content-type': 'application/json' }
    return resultOf(
      createRunResultSchema,
      await this.#request(`${routes.trpc}/runs.create`, { method: 'POST', body, headers }),
    )
  }

  /** Sends an encoded history batch; resolves when it is on the server's disk. */
  async ingest(batch: Uint8Array<ArrayBuffer>): Promise<BatchAck> {
    const headers = { 'content-type': frameContentType }
    return batchAckSchema.parse(await this.#request(routes.ingest, { method: 'POST', body: batch, headers }))
  }

  /** Asks again, later each time, where the server says that it is busy; every call here may be sent twice. */
  async #request(path: string, init: RequestInit): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      const response = await this.#fetch(path, init)
      const body = parseJson(await response.text())
      if (response.ok) return body
      const isBusy = response.status === 429 || response.status === 503
      if (!isBusy || attempt >= attempts) throw this.#refusal(response.status, body)
      await setTimeout(Math.min(10_000, 1000 * (Number(response.headers.get('retry-after')) || 2 ** attempt / 4)))
    }
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...init.headers, authorization: `Bearer ${this.#key}` }
    try {
      return await fetch(this.url + path, { ...init, headers, signal: AbortSignal.timeout(timeoutMs) })
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
    return new KirokuError({ code: codeOfStatus(status), message: `${this.url}: ${message}` })
  }
}

function codeOfStatus(status: number): ErrorCode {
  return errorCodeSchema.options.find((code) => httpStatusByCode[code] === status) ?? 'INTERNAL'
}

function resultOf<T>(schema: z.ZodType<T>, answer: unknown): T {
  return z.object({ result: z.object({ data: schema }) }).parse(answer).result.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
