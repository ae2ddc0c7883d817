import { createServer, type Server as HttpServer } from 'node:http'
import { emptyRowBlock } from '@kiroku/core/history'
import { newWriterId } from '@kiroku/core/ids'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRun, type Server, sendBatch } from './server-client.ts'

type Answer = { status: number; headers?: Record<string, string>; body: string }

let answer: Answer
let http: HttpServer
let server: Server
let authorization: string | undefined

beforeAll(async () => {
  http = createServer((request, response) => {
    authorization = request.headers.authorization
    request.resume().on('end', () => response.writeHead(answer.status, answer.headers).end(answer.body))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  server = { url: `http://127.0.0.1:${address.port}`, apiKey: 'the-key' }
})
afterAll(() => {
  http.closeAllConnections()
  http.close()
})

const writer = newWriterId()
const batch = {
  project: 'p',
  run: 'r',
  writer,
  firstSeq: 1,
  lastSeq: 0,
  texts: [],
  updates: [],
  console: [],
  history: emptyRowBlock(),
  system: emptyRowBlock(),
}

describe('sendBatch', () => {
  it.each<[Answer, object]>([
    [
      { status: 200, body: '{"ackSeq":5,"nextBatchMs":200}' },
      { kind: 'done', value: { ackSeq: 5, nextBatchMs: 200, rejected: [], otherWriters: 0, isStopAsked: false } },
    ],
    [
      { status: 200, body: '<html>' },
      { kind: 'again', why: expect.stringContaining('makes no sense') },
    ],
    [
      { status: 200, body: '{"ackSeq":-1}' },
      { kind: 'again', why: expect.stringContaining('makes no sense') },
    ],
    [
      { status: 409, body: '{"code":"CONFLICT","message":"gap","details":{"ackSeq":3}}' },
      { kind: 'gap', ackSeq: 3 },
    ],
    [
      { status: 409, body: '{"message":"deleted"}' },
      { kind: 'refused', why: '409: deleted', status: 409, code: null },
    ],
    [
      { status: 404, body: '{"code":"NOT_FOUND","message":"no such run"}' },
      { kind: 'unknown', why: '404: no such run', code: 'NOT_FOUND' },
    ],
    [
      { status: 401, body: '{"message":"no such key"}' },
      { kind: 'refused', why: '401: no such key', status: 401, code: null },
    ],
    [
      { status: 400, body: 'nonsense' },
      { kind: 'refused', why: '400', status: 400, code: null },
    ],
    [
      { status: 413, body: '' },
      { kind: 'refused', why: '413', status: 413, code: null },
    ],
    [
      { status: 500, body: '{"message":"it broke"}' },
      { kind: 'again', why: '500: it broke' },
    ],
    [
      { status: 429, headers: { 'retry-after': '7' }, body: '' },
      { kind: 'again', why: '429', afterMs: 7000 },
    ],
    [
      { status: 503, headers: { 'retry-after': '1' }, body: '' },
      { kind: 'again', why: '503', afterMs: 1000 },
    ],
  ])('takes %j for what it is', async (given, outcome) => {
    answer = given
    expect(await sendBatch(server, batch)).toEqual(outcome)
    expect(authorization).toBe('Bearer the-key')
  })

  it('tries again when nobody listens', async () => {
    expect(await sendBatch({ ...server, url: 'http://127.0.0.1:1' }, batch)).toEqual({
      kind: 'again',
      why: 'ECONNREFUSED',
    })
  })
})

describe('createRun', () => {
  const input = { project: 'p', run: 'r', writer, startedAt: 0 }

  it('reads the answer of a procedure, and its refusal', async () => {
    const data = { organization: 'o', project: 'p', run: 'r', displayName: 'n', path: '/o/p/runs/r', ackSeq: 0 }
    answer = { status: 200, body: JSON.stringify({ result: { data } }) }
    expect(await createRun(server, input)).toEqual({
      kind: 'done',
      value: { ...data, startingStep: 0, runtimeBeforeMs: 0, isResumed: false, resumed: null, otherWriters: 0 },
    })
    const error = { code: 'CONFLICT', message: 'the run is known' }
    answer = { status: 409, body: JSON.stringify({ error: { message: 'the run is known', data: { error } } }) }
    const refusal = { kind: 'refused', why: '409: the run is known', status: 409, code: 'CONFLICT' }
    expect(await createRun(server, input)).toEqual(refusal)
  })
})
