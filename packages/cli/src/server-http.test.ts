import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { ServerHttp } from './server-http.ts'

let server: Server
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

async function answering(answer: RequestListener): Promise<ServerHttp> {
  server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return new ServerHttp(`http://127.0.0.1:${address.port}`, 'a key')
}

describe('an answer that breaks off', () => {
  const breakingOff: RequestListener = (_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{"result', () => response.destroy())
  }

  it.each<[string, (http: ServerHttp) => Promise<unknown>]>([
    ['a procedure', (http) => http.query('a.b', undefined, z.number())],
    ['a route', (http) => http.json('/a', { method: 'GET' })],
    ['a file', async (http) => buffer(await http.stream('/a', { method: 'GET' }, { isTransfer: true }))],
  ])('of %s is told as that', async (_, ask) => {
    const http = await answering(breakingOff)
    await expect(ask(http)).rejects.toMatchObject({
      name: 'KirokuError',
      code: 'UNAVAILABLE',
      message: `${http.url} broke off its answer; is the server up?`,
    })
  })

  it('comes whole otherwise', async () => {
    const http = await answering((_, response) => response.end('a whole answer'))
    const read = await buffer(await http.stream('/a', { method: 'GET' }, { isTransfer: true }))
    expect(read.toString()).toBe('a whole answer')
  })
})

it('an answer that is none of a Kiroku server is told as that', async () => {
  const http = await answering((_, response) => response.end('<html>'))
  await expect(http.query('a.b', undefined, z.number())).rejects.toMatchObject({
    code: 'INTERNAL',
    message: expect.stringContaining('is it a Kiroku server'),
  })
})
