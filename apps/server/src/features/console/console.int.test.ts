import type { ConsoleLine } from '@kiroku/core/history'
import { newWriterId } from '@kiroku/core/ids'
import { runLineSchema } from '@kiroku/core/queries'
import { routes } from '@kiroku/core/routes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  batchOf,
  type Caller,
  client,
  postBatch,
  rawRequest,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
} from '../../testing/index.ts'

let server: TestServer
let caller: Caller & { organization: string }

beforeAll(async () => {
  server = await testServer()
  caller = await testOrganization(server)
})
afterAll(() => server.close())

type Address = { organization: string; project: string; run: string }
const address = ({ organization, project, run }: Address): Address => ({ organization, project, run })
const page = (of: Address, query: { from?: number; limit?: number; search?: string; label?: string } = {}) =>
  client(caller).console.byRun.query({ ...address(of), ...query })
const lineOf = (line: number, text = `line ${line}`): Omit<ConsoleLine, 'seq'> => ({
  line,
  stream: line % 2 === 0 ? 'stdout' : 'stderr',
  time: 1000 + line,
  text,
})
const download = (of: Address) =>
  rawRequest(`${caller.url}${routes.console}?${new URLSearchParams(address(of))}`, {
    headers: { authorization: `Bearer ${caller.apiKey}` },
  })

describe('6.4 console lines', () => {
  it('are there when their batch is acknowledged', async () => {
    const run = await testRun(caller)
    expect(await page(run)).toEqual({ lines: [], total: 0, labels: [] })
    const lines = [lineOf(0), lineOf(1, ''), lineOf(2, '記録 \t"')]
    const rows = [{ step: 0, values: { loss: 1 } }]
    const { ackSeq, rejected } = await postBatch(caller, batchOf(run, { rows, console: lines }))
    expect({ ackSeq, rejected }).toEqual({ ackSeq: 4, rejected: [] })
    expect(await page(run)).toEqual({ lines: lines.map((line) => ({ ...line, label: null })), total: 3, labels: [] })
  })

  it('are replaced by the one of their number that comes later, as progress bars are', async () => {
    const run = await testRun(caller)
    await postBatch(caller, batchOf(run, { console: [lineOf(0, '10 %'), lineOf(1), lineOf(0, '20 %')] }))
    expect((await page(run)).lines.map(({ text }) => text)).toEqual(['20 %', 'line 1'])
    await postBatch(caller, batchOf(run, { firstSeq: 4, console: [lineOf(0, '100 %')] }))
    // A batch that comes again changes nothing.
    await postBatch(caller, batchOf(run, { console: [lineOf(0, '10 %'), lineOf(1), lineOf(0, '20 %')] }))
    expect((await page(run)).lines.map(({ text }) => text)).toEqual(['100 %', 'line 1'])
  })

  it('of several processes of one run are all there, and told apart by label', async () => {
    const first = await testRun(caller, { shared: true, label: 'rank 0' })
    const second = await testRun(caller, { run: first.run, writer: newWriterId(), shared: true, label: 'rank 1' })
    await postBatch(caller, batchOf(first, { console: [lineOf(0, 'a'), lineOf(2, 'c')] }))
    await postBatch(caller, batchOf(second, { console: [lineOf(1, 'b')] }))
    const all = await page(first)
    expect(all.lines.map(({ text, label }) => [text, label])).toEqual([
      ['a', 'rank 0'],
      ['b', 'rank 1'],
      ['c', 'rank 0'],
    ])
    expect(await page(first, { label: 'rank 1' })).toMatchObject({ lines: [{ text: 'b' }], total: 1 })
    for (const query of [{}, { label: 'rank 1' }, { search: 'nowhere' }, { from: 1, limit: 1 }])
      expect((await page(first, query)).labels).toEqual(['rank 0', 'rank 1'])
    expect((await download(first)).text).toBe('[rank 0] a\n[rank 1] b\n[rank 0] c\n')
  })

  it('come a part at a time and by what is sought', async () => {
    const run = await testRun(caller)
    const lines = Array.from({ length: 50 }, (_, line) => lineOf(line, `Epoch ${line}`))
    await postBatch(caller, batchOf(run, { console: lines }))
    const part = await page(run, { from: 10, limit: 5 })
    expect(part.lines.map(({ line }) => line)).toEqual([10, 11, 12, 13, 14])
    expect(part.total).toBe(50)
    const found = await page(run, { search: 'epoch 4', from: 1, limit: 100 })
    expect(found.lines.map(({ line }) => line)).toEqual([40, 41, 42, 43, 44, 45, 46, 47, 48, 49])
    expect(found.total).toBe(11)
  })

  it('that are too long or broken are refused one by one', async () => {
    const run = await testRun(caller)
    const long = lineOf(0, 'x'.repeat(8193))
    const { rejected } = await postBatch(caller, batchOf(run, { console: [long, lineOf(1), lineOf(2, 'a\0b')] }))
    expect(rejected).toMatchObject([{ metric: 'console' }, { metric: 'console' }])
    expect((await page(run)).lines.map(({ line }) => line)).toEqual([1])
  })

  it('are not to be had of a run that there is not, nor by a question that makes no sense', async () => {
    const run = await testRun(caller)
    await expect(page({ ...run, run: 'none' })).rejects.toThrow('there is no run none')
    await expect(page(run, { limit: 0 })).rejects.toThrow('limit')
    await expect(page(run, { from: -1 })).rejects.toThrow('from')
    expect((await download({ ...run, run: 'none' })).status).toBe(404)
    expect((await download({ ...run, run: 'no/run' })).status).toBe(400)
    await client(caller).runs.delete.mutate(address(run))
    await expect(page(run)).rejects.toThrow('there is no run')
  })

  it('come as JSON rows, by process and number', async () => {
    const first = await testRun(caller, { shared: true, label: 'rank 0' })
    const second = await testRun(caller, { run: first.run, writer: newWriterId(), shared: true, label: 'rank 1' })
    await postBatch(caller, batchOf(second, { console: [lineOf(0, 'of "1"\u2028')] }))
    await postBatch(caller, batchOf(first, { console: [lineOf(1, 'later'), lineOf(0, 'first')] }))
    const ask = (of: Address, format: string) =>
      rawRequest(`${caller.url}${routes.console}?${new URLSearchParams({ ...address(of), format })}`, {
        headers: { authorization: `Bearer ${caller.apiKey}` },
      })
    const { status, headers, text } = await ask(first, 'jsonl')
    expect(status).toBe(200)
    expect(headers).toMatchObject({ 'content-type': 'application/x-ndjson; charset=utf-8' })
    const rows = text.split('\n').slice(0, -1)
    expect(rows.map((row) => runLineSchema.parse(JSON.parse(row)))).toEqual([
      { ...lineOf(0, 'first'), writer: 0, label: 'rank 0' },
      { ...lineOf(1, 'later'), writer: 0, label: 'rank 0' },
      { ...lineOf(0, 'of "1"\u2028'), writer: 1, label: 'rank 1' },
    ])
    expect((await ask(first, 'xml')).status).toBe(400)
    expect((await ask({ ...first, run: 'none' }, 'jsonl')).status).toBe(404)
  })

  it('are saved whole, as plain text that nothing runs in', async () => {
    const run = await testRun(caller)
    const lines = Array.from({ length: 12_000 }, (_, line) => lineOf(line, `<b>${line}</b>`))
    await postBatch(caller, batchOf(run, { console: lines }))
    const { status, headers, text } = await download(run)
    expect(status).toBe(200)
    expect(text).toBe(lines.map((line) => `${line.text}\n`).join(''))
    expect(headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'content-disposition': expect.stringContaining(`attachment; filename="${run.run}-output.log"`),
    })
  })
})
