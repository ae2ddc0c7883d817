import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { routes } from '@kiroku/core/routes'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { Bench, expectRows, readPoints, type Served, storedRun } from '../test/harness.ts'

const bench = new Bench()
const { base } = bench
let server: Served
beforeAll(async () => {
  server = await bench.serve(join(base, 'data'))
})

async function offline(id: string, rows: number): Promise<{ workspace: string; log: string }> {
  const workspace = join(base, id, '.kiroku')
  const env = {
    KIROKU_MODE: 'offline',
    KIROKU_DIR: workspace,
    KIROKU_DISABLE_STATS: 'true',
    KIROKU_DISABLE_CODE: 'true',
  }
  expect(await bench.script('train.mjs', [id, String(rows)], { env }).ended).toMatchObject({ code: 0 })
  const runs = join(workspace, 'runs')
  return { workspace, log: join(runs, readdirSync(runs)[0] ?? '', 'run.klog') }
}

/** A front of the server that lets `count` batches through and holds every later one back until it is opened again. */
async function gate(count: number) {
  let passed = 0
  let isOpen = false
  const front = createServer((incoming, answer) => {
    const isBatch = incoming.url?.startsWith(routes.ingest) === true
    if (isBatch && !isOpen && ++passed > count) {
      incoming.resume()
      answer.writeHead(503, { 'retry-after': '1' }).end()
      return
    }
    const { port } = new URL(server.url)
    const { method, headers, url: path } = incoming
    const through = request({ host: '127.0.0.1', port, method, headers, path }, (back) => {
      answer.writeHead(back.statusCode ?? 500, back.headers)
      back.pipe(answer)
    })
    through.on('error', () => answer.destroy())
    incoming.pipe(through)
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    front.closeAllConnections()
    front.close()
  })
  const address = front.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    isHolding: () => passed > count,
    open: () => {
      isOpen = true
    },
  }
}

describe('7.6 sync, in trouble', () => {
  it('sends all that can be read of a log that is corrupt in the middle, and tells what is not', async () => {
    const { workspace, log } = await offline('corrupt', 1000)
    const bytes = readFileSync(log)
    bytes.fill(0xa5, 20_000, 20_100)
    writeFileSync(log, bytes)
    const { code, stderr } = await bench.kiroku(['sync', workspace])
    expect(code).toBe(0)
    expect(stderr).toMatch(/corrupt: synced, 99\d rows; 1 place of its log cannot be read \(\d+ bytes\) -> /)
    const points = await readPoints(server, { project: 'demo', run: 'corrupt', metric: 'row' })
    expect(points.length).toBeGreaterThan(980)
    for (const [step, value] of points) expect(value).toBe(step)
    expect(points.at(0)).toEqual([0, 0])
    expect(points.at(-1)).toEqual([999, 999])
    expect(await storedRun(server, 'demo', 'corrupt')).toMatchObject({ state: 'finished' })
  })

  it('sends what is there of a log that was cut short, as a run that crashed', async () => {
    const { workspace, log } = await offline('cut', 500)
    truncateSync(log, Math.floor(statSync(log).size * 0.6) + 3)
    const { code } = await bench.kiroku(['sync', workspace])
    expect(code).toBe(0)
    const rows = (await readPoints(server, { project: 'demo', run: 'cut', metric: 'row' })).length
    expect(rows).toBeGreaterThan(200)
    expect(rows).toBeLessThan(500)
    await expectRows(server, 'cut', rows)
    expect(await storedRun(server, 'demo', 'cut')).toMatchObject({ state: 'crashed' })
  })

  it('sends the others when a run belongs to a server that has no key, and says how to send that one', async () => {
    const { workspace } = await offline('sendable', 10)
    const env = { KIROKU_URL: 'http://127.0.0.1:9', KIROKU_DIR: workspace, KIROKU_DISABLE_STATS: 'true' }
    expect(await bench.script('train.mjs', ['foreign', '10'], { env }).ended).toMatchObject({ code: 0 })
    const { code, stderr } = await bench.kiroku(['sync', workspace])
    expect(stderr).toContain(
      'foreign: failed: no API key for http://127.0.0.1:9 is known: run `kiroku login --url http://127.0.0.1:9`, or send to another server with --url\n',
    )
    expect(stderr).toMatch(/\nsendable: synced, 10 rows -> [^\n]+\n1 run synced, 1 failed\n$/)
    expect(code).toBe(1)
    await expectRows(server, 'sendable', 10)
    expect(await bench.kiroku(['sync', workspace, '--url', server.url])).toMatchObject({ code: 0 })
    await expectRows(server, 'foreign', 10)
  })

  it('goes on when the server comes back', async () => {
    const { workspace } = await offline('away', 2000)
    const held = await gate(0)
    const env = { KIROKU_URL: held.url, KIROKU_API_KEY: server.apiKey }
    const syncing = bench.launch(['sync', workspace], { env })
    await vi.waitUntil(() => syncing.said.stderr.includes('away: waiting for the server (503'), { timeout: 20_000 })
    held.open()
    expect(await syncing.ended).toMatchObject({ code: 0, stderr: expect.stringContaining('away: synced, 2000 rows') })
    await expectRows(server, 'away', 2000)
  })

  it('goes on after the server was killed in the middle and started again', async () => {
    const { workspace } = await offline('restarted', 200_000)
    const dataDir = join(base, 'fragile')
    const own = join(base, 'fragile-config')
    const first = await bench.serve(dataDir, { env: { KIROKU_CONFIG_DIR: own } })
    const env = { KIROKU_URL: first.url, KIROKU_API_KEY: first.apiKey }
    const syncing = bench.launch(['sync', workspace], { env })
    const hasBegun = () => storedRun(first, 'demo', 'restarted').then(Boolean, () => false)
    await vi.waitUntil(hasBegun, { timeout: 20_000, interval: 10 })
    await first.stop('SIGKILL')
    const second = await bench.serve(dataDir, {
      port: Number(new URL(first.url).port),
      env: { KIROKU_CONFIG_DIR: own },
    })
    expect(await syncing.ended).toMatchObject({ code: 0, stderr: expect.stringContaining('synced, 200000 rows') })
    await expectRows(second, 'restarted', 200_000)
    await second.stop('SIGTERM')
  }, 150_000)

  it('can be stopped by Ctrl-C, and goes on from there', async () => {
    const { workspace } = await offline('stopped', 2000)
    const held = await gate(0)
    const env = { KIROKU_URL: held.url, KIROKU_API_KEY: server.apiKey }
    const syncing = bench.launch(['sync', workspace], { env })
    await vi.waitUntil(() => held.isHolding(), { timeout: 20_000 })
    syncing.child.kill('SIGINT')
    const stopped = await syncing.ended
    expect(stopped).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(/\n0 runs synced; stopped: the same command goes on from there\n$/),
    })
    expect(await bench.kiroku(['sync', workspace])).toMatchObject({ code: 0 })
    await expectRows(server, 'stopped', 2000)
  })

  it('sends the others when one cannot be sent, and says so by its status', async () => {
    const good = await offline('good', 10)
    const bad = join(base, 'good', '.kiroku', 'runs', 'run-20260101_000000-bad')
    mkdirSync(bad)
    writeFileSync(join(bad, 'run.klog'), 'not a log at all')
    const { code, stderr } = await bench.kiroku(['sync', good.workspace])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^bad: failed: [^\n]*cannot be read[^\n]*$/m)
    expect(stderr).toMatch(/^good: synced, 10 rows/m)
    expect(stderr).toMatch(/\n1 run synced, 1 failed\n$/)
  })

  it('says in one line that there is no run, no server, no key, or that --id is for one', async () => {
    const { workspace } = await offline('lines', 1)
    const empty = join(base, 'empty')
    mkdirSync(empty)
    const nothing = await bench.kiroku(['sync'], { cwd: empty })
    expect(nothing).toMatchObject({ code: 0, stderr: expect.stringMatching(/^Nothing to sync in [^\n]*\.kiroku\n$/) })
    const missing = await bench.kiroku(['sync', join(empty, 'none')])
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringMatching(/^kiroku: there is no run at [^\n]*\n$/) })
    const away = await bench.kiroku(['sync', workspace, '--url', 'http://127.0.0.1:59999'], {
      env: { KIROKU_API_KEY: server.apiKey },
    })
    expect(away).toMatchObject({ code: 1, stderr: expect.stringMatching(/^kiroku: no server answers at [^\n]*\n$/) })
    const keyless = await bench.kiroku(['sync', workspace, '--url', 'http://127.0.0.1:59999'])
    expect(keyless).toMatchObject({ code: 1, stderr: expect.stringMatching(/^kiroku: no API key for [^\n]*\n$/) })
    const another = await offline('another', 1)
    const both = await bench.kiroku(['sync', workspace, another.workspace, '--id', 'x'])
    expect(both).toMatchObject({ code: 1, stderr: expect.stringMatching(/^kiroku: --id is for one run, [^\n]*\n$/) })
  })
})
