import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { batchAckSchema, encodeHistoryBatch, type HistoryBatch } from '@kiroku/core/history'
import { routes } from '@kiroku/core/routes'
import { startClickhouse } from '@kiroku/metric-store/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEngines } from './engines/index.ts'
import {
  attachFile,
  batchOf,
  type Caller,
  client,
  fetchFile,
  postBatch,
  postBytes,
  readPoints,
  type SpawnedServer,
  spawnServer,
  startProxy,
  type TestProxy,
  testRun,
  until,
} from './testing/index.ts'

/** Sends until it is acknowledged, as a sidecar does while servers go away. */
const sendUntilAcknowledged = (caller: Caller, batch: HistoryBatch): Promise<number> =>
  until(async () => {
    const response = await postBytes(caller, encodeHistoryBatch(batch))
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
    return batchAckSchema.parse(await response.json()).ackSeq
  }, 50_000)

/** How many connections wait for a lock that servers take by its number. */
async function waitingForLocks(databaseUrl: string): Promise<number> {
  const database = new pg.Client({ connectionString: databaseUrl })
  await database.connect()
  const { rows } = await database.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
  await database.end()
  return rows.length
}

const row = (step: number, value: number) => ({ step, values: { loss: value } })

/** Two server processes over one PostgreSQL, one ClickHouse server and one directory of files, behind one nginx. */
describe('two servers of the same databases', () => {
  const parts: AsyncDisposable[] = []
  let base: string
  let first: SpawnedServer
  let second: SpawnedServer
  let proxy: TestProxy
  let apiKey: string
  let databases: { databaseUrl: string; clickhouseUrl: string; filesDir: string }

  const keep = <Part extends AsyncDisposable>(part: Part): Part => {
    parts.unshift(part)
    return part
  }
  const at = (server: { url: string }): Caller => ({ url: server.url, apiKey })

  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'kiroku-several-'))
    const engines = await openEngines({ dataDir: join(base, 'engines') })
    keep({ [Symbol.asyncDispose]: () => engines.close() })
    const clickhouse = keep(await startClickhouse())
    databases = { databaseUrl: engines.databaseUrl, clickhouseUrl: clickhouse.url, filesDir: join(base, 'files') }
    // They start at once, on empty databases, and their clocks are an hour apart.
    const [ahead, other] = await Promise.all([
      spawnServer({ ...databases, clockAheadMs: 3_600_000 }),
      spawnServer(databases),
    ])
    first = keep(ahead)
    second = keep(other)
    apiKey = first.apiKey || second.apiKey
    proxy = keep(await startProxy([first.url, second.url]))
  }, 120_000)

  afterAll(async () => {
    for (const part of parts) await part[Symbol.asyncDispose]()
    await rm(base, { recursive: true, force: true })
  }, 120_000)

  const pointsOf = async (run: { organization: string; project: string; run: string }, server: { url: string }) => {
    const address = { organization: run.organization, project: run.project, run: run.run }
    const { steps, values } = await readPoints(at(server), { ...address, metric: 'loss' })
    return [...steps].map((step, index) => [step, values[index]])
  }

  it('make one owner, whose key one of them tells', async () => {
    expect([first.apiKey, second.apiKey].filter((key) => key !== '')).toHaveLength(1)
    for (const server of [first, second, proxy]) await client(at(server)).projects.list.query({})
  })

  it('keep a point that arrived later, whichever of them took it', async () => {
    const run = await testRun(at(proxy))
    await postBatch(at(first), batchOf(run, { rows: [row(0, 1), row(1, 10)] }))
    await postBatch(at(second), batchOf(run, { firstSeq: 3, rows: [row(0, 2)] }))
    for (const server of [first, second])
      expect(await pointsOf(run, server)).toEqual([
        [0, 2],
        [1, 10],
      ])
  })

  it('store nothing of a batch that comes late, after the other acknowledged it and more', async () => {
    const run = await testRun(at(proxy))
    await postBatch(at(first), batchOf(run, { rows: [row(5, 1)] }))
    const late = batchOf(run, { firstSeq: 2, rows: [row(5, 2)] })
    await postBatch(at(second), late)
    await postBatch(at(second), batchOf(run, { firstSeq: 3, rows: [row(5, 3)] }))
    expect(await postBatch(at(first), late)).toMatchObject({ ackSeq: 3 })
    expect(await pointsOf(run, first)).toEqual([[5, 3]])
    const { metrics } = await client(at(second)).metrics.byRun.query(run)
    expect(metrics).toMatchObject([{ name: 'loss', count: 1 }])
    expect(await client(at(second)).runs.byId.query(run)).toMatchObject({ summary: { loss: 3 } })
  })

  it('tell browsers of the one what the other took', async () => {
    const run = await testRun(at(proxy))
    const controller = new AbortController()
    const query = new URLSearchParams({ organization: run.organization, project: run.project })
    const live = await fetch(`${second.url}${routes.live}?${query}`, {
      headers: { authorization: `Bearer ${apiKey}` },
      signal: controller.signal,
    })
    let said = ''
    const listening = (async () => {
      for await (const chunk of live.body ?? []) said += Buffer.from(chunk).toString()
    })().catch(() => {})
    await until(() => expect(said).toContain('connected'))
    await postBatch(at(first), batchOf(run, { rows: [row(0, 1)] }))
    await until(() => expect(said).toContain(`"run":"${run.run}","state":"running","points":true`))
    controller.abort()
    await listening
  })

  it('serve the files that the other took in', async () => {
    const run = await testRun(at(proxy))
    await attachFile(at(first), run, { path: 'note.txt', content: 'from the first' })
    const address = { organization: run.organization, project: run.project, run: run.run, path: 'note.txt' }
    expect(await (await fetchFile(at(second), address)).text()).toBe('from the first')
  })

  it('behind a proxy take each row once, though each of them is killed in mid-run', { timeout: 180_000 }, async () => {
    const caller = at(proxy)
    const run = await testRun(caller)
    const batches = 90
    const size = 40
    let sent = 0
    const sending = (async () => {
      for (; sent < batches; sent++) {
        const rows = Array.from({ length: size }, (_, index) => row(sent * size + index, sent))
        await sendUntilAcknowledged(caller, batchOf(run, { firstSeq: sent * size + 1, rows }))
      }
    })()
    for (const [goal, server] of [
      [20, first],
      [50, second],
    ] as const) {
      await until(() => expect(sent).toBeGreaterThan(goal), 100_000)
      await server.kill()
      const atKill = sent
      await until(() => expect(sent).toBeGreaterThan(atKill + 10), 100_000)
      await server.restart()
    }
    await sending
    const expected = Array.from({ length: batches * size }, (_, step) => [step, Math.floor(step / size)])
    for (const server of [first, second]) expect(await pointsOf(run, server)).toEqual(expected)
    const { metrics } = await client(caller).metrics.byRun.query(run)
    expect(metrics).toMatchObject([{ count: batches * size, lastStep: batches * size - 1 }])
    const summary = { loss: batches - 1 }
    expect(await client(caller).runs.byId.query(run)).toMatchObject({ state: 'running', summary })
  })

  it('do not rewind a run while the other stores points of it', { timeout: 120_000 }, async () => {
    await using holding = await spawnServer({ ...databases, holdAfterInsert: true })
    const run = await testRun(at(first))
    await postBatch(at(first), batchOf(run, { rows: [row(0, 1), row(1, 2), row(2, 3)] }))
    const cutOff = postBytes(at(holding), encodeHistoryBatch(batchOf(run, { firstSeq: 4, rows: [row(3, 4)] }))).catch(
      () => 'cut off',
    )
    await holding.inserted()
    let isRewound = false
    const rewind = testRun(at(first), { run: run.run, rewind: { step: 1 } }).then((result) => {
      isRewound = true
      return result
    })
    await until(async () => expect(await waitingForLocks(databases.databaseUrl)).toBe(1))
    expect(isRewound).toBe(false)
    await holding.kill()
    expect(await cutOff).toBe('cut off')
    const resumed = await rewind
    expect(await pointsOf(run, second)).toEqual([
      [0, 1],
      [1, 2],
    ])
    // The older writer is shut out everywhere before anything of it is stored.
    const refused = await postBytes(at(second), encodeHistoryBatch(batchOf(run, { firstSeq: 4, rows: [row(3, 4)] })))
    expect(refused.status).toBe(409)
    await postBatch(at(second), batchOf({ ...run, writer: resumed.writer }, { rows: [row(2, 30)] }))
    expect(await pointsOf(run, first)).toEqual([
      [0, 1],
      [1, 2],
      [2, 30],
    ])
    const { metrics } = await client(at(first)).metrics.byRun.query(run)
    expect(metrics).toMatchObject([{ name: 'loss', count: 3, lastStep: 2 }])
    expect(await client(at(second)).runs.byId.query(run)).toMatchObject({ summary: { loss: 30 } })
  })
})
