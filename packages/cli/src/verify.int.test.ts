import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { runPageSchema } from '@kiroku/core/queries'
import { routes } from '@kiroku/core/routes'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Bench, query, type Served } from '../test/harness.ts'

const bench = new Bench()
let server: Served
beforeAll(async () => {
  server = await bench.serve(join(bench.base, 'data'))
})

/** A proxy before the server, which `meddle` may answer in the place of. */
async function proxy(meddle: (request: IncomingMessage, answer: ServerResponse) => boolean): Promise<string> {
  const { port } = new URL(server.url)
  const front: Server = createServer((incoming, answer) => {
    if (meddle(incoming, answer)) return
    const { method, headers, url: path } = incoming
    const passed = request({ host: '127.0.0.1', port, method, headers, path }, (back) => {
      answer.writeHead(back.statusCode ?? 500, back.headers)
      back.pipe(answer)
    })
    passed.on('error', () => answer.destroy())
    incoming.pipe(passed)
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    front.closeAllConnections()
    front.close()
  })
  const address: AddressInfo | string | null = front.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return `http://127.0.0.1:${address.port}`
}

const verdicts = (stdout: string): Record<string, string> =>
  Object.fromEntries(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => [line.slice(8, 21).trim(), line.slice(0, 6).trim()]),
  )

const verifyAt = (url: string) => bench.kiroku(['verify'], { env: { KIROKU_URL: url, KIROKU_API_KEY: server.apiKey } })

const allWell = {
  reachable: 'ok',
  key: 'ok',
  clock: 'ok',
  'create run': 'ok',
  log: 'ok',
  live: 'ok',
  files: 'ok',
  console: 'ok',
  'long requests': 'ok',
  'clean up': 'ok',
}

describe('9 verify', () => {
  it('finds a server in order, a line a check, and leaves no run behind', async () => {
    const { code, stdout, stderr } = await verifyAt(server.url)
    expect({ verdicts: verdicts(stdout), stderr }).toEqual({ verdicts: allWell, stderr: '' })
    expect(code).toBe(0)
    const address = { organization: 'local', project: 'kiroku-verify' }
    expect(await query(server, 'runs.list', address, runPageSchema)).toMatchObject({ runs: [], total: 0 })
  })

  it('finds the limit of a proxy for long bodies, and says how to raise it', async () => {
    const url = await proxy((incoming, answer) => {
      if (Number(incoming.headers['content-length'] ?? 0) <= 1024 * 1024) return false
      incoming.resume()
      answer.writeHead(413).end('<html>too large</html>')
      return true
    })
    const { code, stdout } = await verifyAt(url)
    expect(code).toBe(1)
    expect(verdicts(stdout)).toEqual({ ...allWell, 'long requests': 'failed' })
    expect(stdout).toMatch(/^failed {2}long requests .*413.*client_max_body_size/m)
  })

  it('finds a proxy that holds answers back', async () => {
    const url = await proxy((incoming, answer) => {
      if (incoming.url?.startsWith(routes.live) !== true) return false
      answer.writeHead(200, { 'content-type': 'text/event-stream' })
      answer.flushHeaders()
      return true
    })
    const { code, stdout } = await verifyAt(url)
    expect(code).toBe(1)
    expect(verdicts(stdout)).toEqual({ ...allWell, live: 'failed' })
    expect(stdout).toMatch(/^failed {2}live .*proxy_buffering off/m)
  })

  it('finds a clock that is off', async () => {
    const url = await proxy((incoming, answer) => {
      if (incoming.url !== routes.health) return false
      answer.writeHead(200, { date: new Date(Date.now() - 3_600_000).toUTCString() }).end('{}')
      return true
    })
    const { code, stdout } = await verifyAt(url)
    expect(code).toBe(1)
    expect(stdout).toMatch(/^failed {2}clock .* is 3\d{3}\.\d s apart, behind this one; have both machines/m)
  })

  it('ends where nothing more can be said: no server, a foreign one, an unknown key', async () => {
    const nowhere = await verifyAt('http://127.0.0.1:59999')
    expect(nowhere).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^failed {2}reachable [^\n]*ECONNREFUSED[^\n]*\n$/),
    })
    const foreign = await proxy((_, answer) => {
      answer.writeHead(404).end('nothing here')
      return true
    })
    expect(await verifyAt(foreign)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^failed {2}reachable [^\n]* answers 404, which is no Kiroku[^\n]*\n$/),
    })
    const unknown = await bench.kiroku(['verify'], {
      env: { KIROKU_URL: server.url, KIROKU_API_KEY: `kiroku-${'A'.repeat(40)}` },
    })
    expect(unknown).toMatchObject({ code: 1, stdout: expect.stringMatching(/^ok.*\nfailed {2}key [^\n]*\n$/) })
  })
})
