import { encodeHistoryBatch } from '@kiroku/core/history'
import { describe, expect, it } from 'vitest'
import {
  batchOf,
  client,
  fetchFile,
  postBatch,
  postBytes,
  spawnServer,
  testRun,
  until,
  uploadBlob,
} from '../../testing/index.ts'

describe('kill -9 of the server', () => {
  it('between a content and the file that names it loses neither', async () => {
    await using server = await spawnServer({ holdAfterInsert: true })
    const run = await testRun(server)
    const blob = await uploadBlob(server, 'kept')
    const file = { type: 'file', path: 'diff.patch', mime: 'text/plain', ...blob } as const
    const line = { line: 0, stream: 'stdout', time: 0, text: 'printed' } as const
    const batch = batchOf(run, { updates: [file], console: [line] })
    const lost = postBytes(server, encodeHistoryBatch(batch)).then(
      () => 'answered',
      () => 'cut off',
    )
    await server.inserted()
    await server.kill()
    expect(await lost).toBe('cut off')
    await server.restart()
    const { organization, project, run: slug } = run
    const address = { organization, project, run: slug }
    expect(await client(server).files.list.query(address)).toEqual([])
    expect(await client(server).files.offer.mutate({ hashes: [blob.sha256] })).toEqual({ missing: [] })
    const ack = await until(() => postBatch(server, batch))
    expect(ack).toMatchObject({ ackSeq: 2, rejected: [] })
    expect(await (await fetchFile(server, { ...address, path: 'diff.patch' })).text()).toBe('kept')
    expect(await client(server).console.byRun.query(address)).toMatchObject({ lines: [{ text: 'printed' }], total: 1 })
  })
})
