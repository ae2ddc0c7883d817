import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { ApiFile } from './api-file.ts'
import { ApiHttp } from './api-http.ts'

let server: Server
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

/** A client of a server that answers as it is told. */
async function answering(answer: RequestListener): Promise<ApiHttp> {
  server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return new ApiHttp(`http://127.0.0.1:${address.port}`, 'a key')
}

const data = (value: unknown): string => JSON.stringify({ result: { data: value } })

describe('3.4 asking the server', () => {
  it('sends the key and the input, and parses the answer', async () => {
    const http = await answering(({ headers, url, method }, response) => {
      response.end(
        data({ key: headers.authorization, input: new URL(`http://x${url}`).searchParams.get('input'), method }),
      )
    })
    const schema = z.object({ key: z.string(), input: z.string(), method: z.string() })
    expect(await http.query('a.b', { text: 'ü&=' }, schema)).toEqual({
      key: 'Bearer a key',
      input: JSON.stringify({ text: 'ü&=' }),
      method: 'GET',
    })
  })

  it('asks again where the server is busy', async () => {
    let asked = 0
    const http = await answering((_, response) => {
      asked++
      if (asked < 3) response.writeHead(asked === 1 ? 503 : 429, { 'retry-after': '0.01' }).end('{"message":"busy"}')
      else response.end(data(7))
    })
    expect(await http.mutate('a.b', {}, z.number())).toBe(7)
    expect(asked).toBe(3)
  })

  it.each([
    ['a procedure', 404, '{"error":{"message":"there is no run x"}}', 'NOT_FOUND', 'there is no run x'],
    ['a route', 409, '{"code":"CONFLICT","message":"it stands"}', 'CONFLICT', 'it stands'],
    ['somebody else', 418, '<html>', 'INTERNAL', 'it answered 418, which is not a Kiroku answer'],
    ['a door', 401, '{"message":"who are you"}', 'UNAUTHORIZED', 'kiroku login --url'],
    ['a page', 200, '<html>', 'INTERNAL', 'is it a Kiroku server'],
    ['another version', 200, '{"result":{"data":"seven"}}', 'INTERNAL', "of this SDK's version"],
  ])('says what %s refused', async (_, status, body, code, message) => {
    const http = await answering((__, response) => response.writeHead(status).end(body))
    await expect(http.query('a.b', undefined, z.number())).rejects.toMatchObject({
      name: 'KirokuError',
      code,
      message: expect.stringContaining(message),
    })
  })

  it('says when the server breaks off', async () => {
    const http = await answering(({ socket }) => socket.destroy())
    await expect(http.bytes('/x')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(http.url),
    })
  })
})

describe('3.4 a download', () => {
  const address = { organization: 'o', project: 'p', run: 'r' }

  it.each([
    ['came damaged', 'other content', 'UNAVAILABLE'],
    ['broke off', undefined, 'UNAVAILABLE'],
  ])('that %s leaves nothing behind', async (_, content, code) => {
    const http = await answering((__, response) => {
      if (content !== undefined) response.end(content)
      else response.writeHead(200, { 'content-length': '100' }).write('begun', () => response.destroy())
    })
    const directory = mkdtempSync(join(tmpdir(), 'kiroku-download-'))
    const file = new ApiFile(http, address, { path: 'a/b.txt', sha256: '0'.repeat(64) })
    await expect(file.download(directory)).rejects.toMatchObject({ name: 'KirokuError', code })
    expect(readdirSync(join(directory, 'a'))).toEqual([])
    rmSync(directory, { recursive: true })
  })
})
