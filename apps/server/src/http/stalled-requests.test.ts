import { once } from 'node:events'
import { request } from 'node:http'
import timers from 'node:timers/promises'
import { type FastifyInstance, fastify } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { endStalledRequests } from './stalled-requests.ts'

const ms = 100
let app: FastifyInstance
let url: string
let broken: Promise<unknown>
beforeEach(async () => {
  app = fastify()
  endStalledRequests(app, ms)
  let tellBroken = (_cause: unknown): void => {}
  broken = new Promise((resolve) => {
    tellBroken = resolve
  })
  app.addContentTypeParser('*', (_request, _body, done) => done(null))
  app.put('/', async ({ raw, headers }) => {
    let size = 0
    try {
      for await (const piece of raw) size += piece.length
    } catch (cause) {
      tellBroken(cause)
      throw cause
    }
    await timers.setTimeout(Number(headers['x-think'] ?? 0))
    return { size }
  })
  url = await app.listen({ port: 0, host: '127.0.0.1' })
})
afterEach(() => app.close())

describe('a body', () => {
  it('that stands still is not waited for', async () => {
    const outgoing = request(url, { method: 'PUT', headers: { 'content-length': 10 } })
    const failed = once(outgoing, 'error')
    outgoing.write('half')
    expect(await broken).toMatchObject({ code: 'BAD_REQUEST', message: 'the rest of the body did not come' })
    await failed
  })

  it('that moves may take its time, and so may its answer', async () => {
    const headers = { 'content-length': 30, 'x-think': String(3 * ms) }
    const outgoing = request(url, { method: 'PUT', headers })
    const answered = once(outgoing, 'response')
    for (let piece = 0; piece < 30; piece++) {
      outgoing.write('.')
      await timers.setTimeout(ms / 5)
    }
    outgoing.end()
    const [answer] = await answered
    expect(answer.statusCode).toBe(200)
    answer.resume()
  })
})
