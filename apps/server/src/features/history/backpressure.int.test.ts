import { readFileSync } from 'node:fs'
import { type ClientRequest, request } from 'node:http'
import { frameContentType } from '@kiroku/core/frames'
import { encodeHistoryBatch, maxBatchBytes } from '@kiroku/core/history'
import { routes } from '@kiroku/core/routes'
import { describe, expect, it } from 'vitest'
import { batchOf, client, postBytes, type SpawnedServer, spawnServer, testRun, until } from '../../testing/index.ts'

const slowMs = 240_000
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
  it(
    'are refused before they are read, and told when to come again and what the limit is',
    async () => {
      await using server = await spawnServer()
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
    'leave the memory of the server bounded, and are all stored in the end',
    async () => {
      await using server = await spawnServer()
      const count = 60_000
      const texts = Array.from({ length: count }, (_, step) => ({ step, time: step, metric: 'note', value: 'x' }))
      const batches = await Promise.all(
        Array.from({ length: 10 }, async () => {
          const run = await testRun(server)
          return { run, bytes: encodeHistoryBatch(batchOf(run, { texts })) }
        }),
      )
      // Each takes some eight times its length while it is decoded: all of them far more than the limit.
      const weight = batches.reduce((sum, { bytes }) => sum + 9 * bytes.byteLength, 0)
      expect(weight).toBeGreaterThan(1.25 * 256 * mib)
      await postBytes(server, batches[0]?.bytes ?? new Uint8Array())
      const before = residentBytes(server.pid())
      let peak = before
      const watch = setInterval(() => {
        peak = Math.max(peak, residentBytes(server.pid()))
      }, 10)
      let refusals = 0
      // As the SDK does: what is refused for now, or gets no answer, is sent again.
      const send = async (bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
        for (;;) {
          const answer = await postBytes(server, bytes).catch(() => null)
          const body: unknown = await answer?.json()
          if (answer?.ok) return expect(body).toMatchObject({ ackSeq: count })
          if (answer !== null) {
            expect(answer.status).toBe(503)
            expect(answer.headers.get('retry-after')).toBe('1')
            refusals++
          }
          await new Promise((resolve) => setTimeout(resolve, 1000))
        }
      }
      try {
        await Promise.all(batches.map(({ bytes }) => send(bytes)))
      } finally {
        clearInterval(watch)
      }
      console.log({ refusals, before: before / mib, peak: peak / mib })
      expect(refusals).toBeGreaterThan(0)
      expect(peak - before).toBeLessThan(768 * mib)
      const { run } = batches.at(-1) ?? { run: await testRun(server) }
      const address = { organization: run.organization, project: run.project, run: run.run }
      expect(await client(server).texts.metrics.query(address)).toMatchObject([{ count }])
    },
    slowMs,
  )
})
