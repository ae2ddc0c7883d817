import { readFileSync } from 'node:fs'
import { type ClientRequest, request } from 'node:http'
import { frameContentType } from '@kiroku/core/frames'
import { encodeHistoryBatch, maxBatchBytes } from '@kiroku/core/history'
import { routes } from '@kiroku/core/routes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { batchOf, client, postBytes, type SpawnedServer, spawnServer, testRun, until } from '../../testing/index.ts'

const slowMs = 400_000
const mib = 1024 * 1024

/** The memory of a process that is in RAM, in bytes. */
function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

/** Begins to send the largest batch that there may be, and sends nothing of it. */
function promiseBatch({ url, apiKey }: SpawnedServer): ClientRequest {
  const headers = {
    authorization: `Bearer ${apiKey}`,
    'content-type': frameContentType,
    'content-length': maxBatchBytes,
  }
  const outgoing = request(url + routes.ingest, { method: 'POST', headers })
  outgoing.on('error', () => {})
  outgoing.flushHeaders()
  return outgoing
}

describe('more batches than there is room for', () => {
  let server: SpawnedServer
  beforeAll(async () => {
    server = await spawnServer()
  }, slowMs)
  afterAll(() => server[Symbol.asyncDispose](), slowMs)

  it(
    'are refused before they are read, and told when to come again and what the limit is',
    async () => {
      const run = await testRun(server)
      const batch = encodeHistoryBatch(batchOf(run, { rows: [{ step: 0, values: { loss: 1 } }] }))
      const promised = Array.from({ length: (256 * mib) / maxBatchBytes }, () => promiseBatch(server))
      const refused = await until(async () => {
        const answer = await postBytes(server, batch)
        if (answer.status !== 503) throw new Error(`${answer.status}`)
        return answer
      })
      expect(refused.headers.get('retry-after')).toBe('1')
      expect(await refused.json()).toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringMatching(/too many batches are under way: .* 256 MiB of memory/),
        details: { retryAfterMs: 1000 },
      })
      for (const each of promised) each.destroy()
      await until(async () => expect((await postBytes(server, batch)).status).toBe(200))
    },
    slowMs,
  )

  it(
    'are refused before their JSON is decoded, which takes more than it is long, and are all stored in the end',
    async () => {
      const count = 15_000
      const value = 'x'.repeat(200)
      const texts = Array.from({ length: count }, (_, step) => ({ step, time: step, metric: 'note', value }))
      const batches = await Promise.all(
        Array.from({ length: 10 }, async () => {
          const run = await testRun(server)
          return { run, bytes: encodeHistoryBatch(batchOf(run, { texts })) }
        }),
      )
      // As they come they would all fit.
      expect(batches.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)).toBeLessThan(128 * mib)
      const { refusals } = await flood(
        server,
        batches.map(({ bytes }) => bytes),
        (answer) => answer.status === 200,
      )
      expect(refusals).toBeGreaterThan(0)
      for (const { run } of batches) {
        const address = { organization: run.organization, project: run.project, run: run.run }
        expect(await client(server).texts.metrics.query(address)).toMatchObject([{ count }])
      }
    },
    slowMs,
  )

  it(
    'leave the memory of the server bounded',
    async () => {
      // One whose memory has not grown yet.
      await using server = await spawnServer()
      const run = await testRun(server)
      // Of a writer that nobody knows: they are read and decoded as any other, and leave nothing.
      const unknown = { ...run, writer: '0'.repeat(16) }
      const rows = [{ step: 0, values: { loss: 1 } }]
      const column = new Float64Array(1_000_000).map((_, index) => index + 1)
      const one = batchOf(unknown, { rows })
      const block = {
        seqs: column,
        steps: column,
        times: column,
        metrics: [{ name: 'loss', rows: null, values: column }],
      }
      const bytes = encodeHistoryBatch({ ...one, lastSeq: column.length, history: block })
      const flooding = Array.from({ length: 24 }, () => bytes)
      expect(bytes.byteLength * flooding.length).toBeGreaterThan(2.5 * 256 * mib)
      const isRead = (answer: Response): boolean => answer.status === 404
      await flood(server, [bytes], isRead)
      const { refusals, grownBytes } = await flood(server, flooding, isRead)
      expect(refusals).toBeGreaterThan(0)
      // The pieces that a body comes in and the body that is made of them are there at the same time for a moment.
      expect(grownBytes).toBeLessThan(2.5 * 256 * mib)
    },
    slowMs,
  )
})

/**
 * Sends all at once, and as the SDK does what is refused for now again, until each `isDone`. Answers how often that was, and by
 * how much the server's memory grew at most.
 */
async function flood(
  server: SpawnedServer,
  batches: readonly Uint8Array<ArrayBuffer>[],
  isDone: (answer: Response) => boolean,
): Promise<{ refusals: number; grownBytes: number }> {
  const before = residentBytes(server.pid())
  let peak = before
  const watch = setInterval(() => {
    peak = Math.max(peak, residentBytes(server.pid()))
  }, 10)
  let refusals = 0
  const send = async (bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
    for (;;) {
      // A server that refuses early may close the connection under what is still sent.
      const answer = await postBytes(server, bytes).catch(() => null)
      await answer?.text()
      if (answer !== null && isDone(answer)) return
      if (answer !== null) {
        expect(answer.status).toBe(503)
        expect(answer.headers.get('retry-after')).toBe('1')
        refusals++
      }
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
  try {
    await Promise.all(batches.map(send))
  } finally {
    clearInterval(watch)
  }
  return { refusals, grownBytes: peak - before }
}
