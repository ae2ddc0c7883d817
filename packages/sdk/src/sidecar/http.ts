import type { IncomingHttpHeaders, RequestOptions } from 'node:http'
import * as http from 'node:http'
import type { Readable } from 'node:stream'

/** An HTTP answer, read whole. */
export type HttpAnswer = { status: number; headers: IncomingHttpHeaders; body: Buffer }

/** The longest answer that is read, in bytes, where nothing else is said. */
const usualAnswerBytes = 8 * 1024 * 1024

const agent = new http.Agent({ keepAlive: true, maxSockets: 8 })

/** A body: bytes at hand, or a stream and how many bytes it gives. */
export type HttpBody = Uint8Array | { stream: Readable; size: number }

/**
 * Sends a body. Rejects when no whole answer came, when nothing moved for `timeoutMs`, or when `signal` is aborted; any
 * status is an answer.
 */
export async function request(
  method: 'POST' | 'PUT',
  url: string,
  request: {
    headers: Record<string, string>
    body: HttpBody
    timeoutMs: number
    signal?: AbortSignal
    maxAnswerBytes?: number
  },
): Promise<HttpAnswer> {
  const { body, maxAnswerBytes = usualAnswerBytes } = request
  const options: RequestOptions = {
    method,
    headers: { ...request.headers, 'content-length': String('size' in body ? body.size : body.byteLength) },
    timeout: request.timeoutMs,
    ...(request.signal && { signal: request.signal }),
  }
  const isSecure = url.startsWith('https:')
  const start = isSecure ? (await import('node:https')).request : http.request
  return new Promise((resolve, reject) => {
    const call = start(url, isSecure ? options : { ...options, agent }, (answer) => {
      const chunks: Buffer[] = []
      let length = 0
      answer.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length > maxAnswerBytes) call.destroy(new Error('the answer is too long'))
        chunks.push(chunk)
      })
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
      )
      answer.on('error', reject)
    })
    call.on('timeout', () => call.destroy(new Error(`no answer within ${Math.round(request.timeoutMs / 1000)} s`)))
    call.on('error', reject)
    if ('size' in body) {
      body.stream.on('error', (cause) => call.destroy(cause))
      call.on('close', () => body.stream.destroy())
      body.stream.pipe(call)
    } else {
      call.end(body)
    }
  })
}
