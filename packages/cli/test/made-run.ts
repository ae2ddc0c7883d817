import { createHash } from 'node:crypto'
import { frameContentType } from '@kiroku/core/frames'
import { batchAckSchema, emptyRowBlock, encodeHistoryBatch } from '@kiroku/core/history'
import { newRunSlug, newWriterId } from '@kiroku/core/ids'
import { routes } from '@kiroku/core/routes'
import type { CreateRunInput } from '@kiroku/core/runs'
import { expect } from 'vitest'
import type { Served } from './harness.ts'

type MadeRun = Pick<CreateRunInput, 'config' | 'git'> & {
  project?: string
  run?: string
  files?: Record<string, string | Uint8Array<ArrayBuffer>>
}

/** Makes a finished run by plain HTTP, as no SDK would: with any facts and any files. Answers its id. */
export async function makeRun(server: Served, made: MadeRun): Promise<string> {
  const { project = 'demo', run = newRunSlug(), files = {}, ...facts } = made
  const writer = newWriterId()
  const headers = { authorization: `Bearer ${server.apiKey}` }
  const send = async (
    path: string,
    method: string,
    body: string | Uint8Array<ArrayBuffer>,
    type = typeof body === 'string' ? 'application/json' : 'application/octet-stream',
  ): Promise<unknown> => {
    const response = await fetch(server.url + path, { method, body, headers: { ...headers, 'content-type': type } })
    const text = await response.text()
    expect({ path, status: response.status, text }).toMatchObject({
      status: expect.toSatisfy((status) => status < 300),
    })
    return text === '' ? undefined : JSON.parse(text)
  }
  const input = { ...facts, project, run, writer, startedAt: Date.now() }
  await send(`${routes.trpc}/runs.create`, 'POST', JSON.stringify(input))
  let seq = 0
  const updates = []
  for (const [path, content] of Object.entries(files)) {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    await send(`${routes.trpc}/files.offer`, 'POST', JSON.stringify({ hashes: [sha256] }))
    await send(`${routes.blobs}/${sha256}`, 'PUT', bytes)
    updates.push({ type: 'file' as const, seq: ++seq, path, sha256, size: bytes.length, mime: 'text/plain' })
  }
  const finish = { type: 'finish' as const, seq: ++seq, state: 'finished' as const, exitCode: 0, time: Date.now() }
  const batch = encodeHistoryBatch({
    ...{ project, run, writer, firstSeq: 1, lastSeq: seq },
    ...{ history: emptyRowBlock(), system: emptyRowBlock(), texts: [], console: [] },
    updates: [...updates, finish],
  })
  const ack = batchAckSchema.parse(await send(routes.ingest, 'POST', batch, frameContentType))
  expect(ack).toMatchObject({ ackSeq: seq, rejected: [] })
  return run
}
