import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeHistoryBatch } from '@kiroku/core/history'
import { newRunSlug } from '@kiroku/core/ids'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEngines } from '../../engines/index.ts'
import {
  batchOf,
  type Caller,
  client,
  fetchSeries,
  postBatch,
  postBytes,
  readPoints,
  type TestRun,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
} from '../../testing/index.ts'

let directory: string
let engines: Awaited<ReturnType<typeof openEngines>>
let database: pg.Client
let server: TestServer
let caller: Caller & { organization: string }

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiroku-test-'))
  engines = await openEngines({ dataDir: join(directory, 'postgres') })
  database = new pg.Client({ connectionString: engines.databaseUrl })
  await database.connect()
  server = await testServer({ databaseUrl: engines.databaseUrl })
  caller = await testOrganization(server)
})
afterAll(async () => {
  await server.close()
  await database.end()
  await engines.close()
  await rm(directory, { recursive: true, force: true })
})

const address = (run: TestRun) => ({ organization: run.organization, project: run.project, run: run.run })
const byId = (run: TestRun) => client(caller).runs.byId.query(address(run))
const stepsOf = async (run: TestRun, metric = 'loss') => [
  ...(await readPoints(caller, { ...address(run), metric })).steps,
]
const upTo = (step: number) => Array.from({ length: step + 1 }, (_, index) => index)
const rows = (from: number, to: number, startedAt = 1000) =>
  Array.from({ length: to - from }, (_, index) => {
    const step = from + index
    return { step, time: startedAt + step * 10, values: { loss: step, ...(step >= 8 && { late: step }) } }
  })
const texts = [2, 9].map((step) => ({ step, time: 1000 + step * 10, metric: 'note', value: `at ${step}` }))
const failsWith = (code: string, message = '') =>
  expect.objectContaining({
    message: expect.stringContaining(message),
    data: expect.objectContaining({ error: expect.objectContaining({ code }) }),
  })

/** A run with steps 0 to 9 of `loss`, a metric that comes late, two texts, a system metric and a value set by hand. */
async function loggedRun(): Promise<TestRun> {
  const run = await testRun(caller, {
    startedAt: 1000,
    config: { lr: 1, seed: 7 },
    definitions: [{ name: 'loss', summary: ['max', 'last'] }],
  })
  const systemRows = [{ step: 5000, time: 5000, values: { cpu: 3 } }]
  const updates = [{ type: 'summary' as const, set: { best: 0.5 }, unset: [] }]
  await postBatch(caller, batchOf(run, { rows: rows(0, 10), systemRows, texts, updates }))
  return run
}

describe('4.6 rewind', () => {
  it('removes what was logged beyond the step, and only that, and goes on after it', async () => {
    const run = await loggedRun()
    expect((await byId(run)).summary).toMatchObject({ loss: { max: 9, last: 9 }, late: 9, note: 'at 9', best: 0.5 })
    const rewound = await testRun(caller, { run: run.run, rewind: { step: 4 }, startedAt: 50_000, config: { lr: 2 } })
    const summary = { loss: { max: 4, last: 4 }, note: 'at 2', best: 0.5 }
    expect(rewound).toMatchObject({ startingStep: 5, isResumed: true, runtimeBeforeMs: 40 })
    expect(rewound.resumed).toMatchObject({
      summary,
      config: { lr: 2, seed: 7 },
      totals: { loss: { count: 5, sum: 10 } },
    })
    expect(Object.keys(rewound.resumed?.totals ?? {})).toEqual(['loss'])
    expect(await byId(run)).toMatchObject({ summary, lastStep: 4, state: 'running', liveWriters: 1 })
    expect((await byId(run)).summary).toEqual(summary)
    expect(await stepsOf(run)).toEqual(upTo(4))
    expect(await stepsOf(run, 'late')).toEqual([])
    const { metrics } = await client(caller).metrics.byRun.query(address(run))
    expect(metrics).toMatchObject([
      { name: 'loss', count: 5, max: 4, lastStep: 4 },
      { name: 'cpu', stream: 'system', count: 1 },
    ])
    expect((await client(caller).texts.byRun.query(address(run))).map(({ step }) => step)).toEqual([2])
    await postBatch(caller, batchOf(rewound, { rows: rows(5, 7, 50_000) }))
    expect(await byId(run)).toMatchObject({ lastStep: 6, summary: { loss: { max: 6, last: 6 } } })
  })

  it('takes nothing more from older scripts', async () => {
    const run = await loggedRun()
    const rewound = await testRun(caller, { run: run.run, rewind: { step: 4 } })
    const late = await postBytes(caller, encodeHistoryBatch(batchOf(run, { firstSeq: 15, rows: rows(10, 20) })))
    expect(late.status).toBe(409)
    expect(await late.text()).toContain('was rewound by a newer script')
    expect(await stepsOf(run)).toEqual(upTo(4))
    await postBatch(caller, batchOf(rewound, { rows: rows(5, 6) }))
    expect(await stepsOf(run)).toEqual(upTo(5))
  })

  it('while an older script sends leaves nothing of it beyond the step', async () => {
    const run = await loggedRun()
    let firstSeq = 15
    const sending = (async () => {
      for (let step = 10; ; step += 5) {
        const batch = batchOf(run, { firstSeq, rows: rows(step, step + 5) })
        const { status } = await postBytes(caller, encodeHistoryBatch(batch))
        if (status !== 200) return status
        firstSeq += 5
      }
    })()
    await testRun(caller, { run: run.run, rewind: { step: 4 } })
    expect(await sending).toBe(409)
    expect(await stepsOf(run)).toEqual(upTo(4))
  })

  it('that was promised before a crash is done when the same writer or another asks', async () => {
    for (const isSame of [true, false]) {
      const run = await loggedRun()
      const writer = await database.query('SELECT w.id, run_id FROM writer w WHERE writer = $1', [run.writer])
      const { id: writerId, run_id: runId } = writer.rows[0]
      const pending = { kind: 'rewind', step: 6, writerId, texts: null }
      await database.query('UPDATE run SET pending = $2 WHERE id = $1', [runId, JSON.stringify(pending)])
      const other = { run: run.run, resume: 'must' as const }
      const answer = await testRun(caller, isSame ? { run: run.run, writer: run.writer } : other)
      if (!isSame) expect(answer).toMatchObject({ startingStep: 7, isResumed: true })
      expect(await byId(run)).toMatchObject({ lastStep: 6, summary: { loss: { max: 6 }, note: 'at 2' } })
      expect(await stepsOf(run)).toEqual(upTo(6))
    }
  })

  it('whose points were cut off before a crash is brought to the same end', async () => {
    const run = await loggedRun()
    const { rows: found } = await database.query(
      'SELECT r.id, summary, explicit_summary, last_step FROM run r JOIN writer w ON w.run_id = r.id WHERE writer = $1',
      [run.writer],
    )
    const { id, summary, explicit_summary: explicit, last_step: lastStep } = found[0]
    await database.query('CREATE TEMPORARY TABLE before AS SELECT * FROM run_metric WHERE run_id = $1', [id])
    const input = { run: run.run, rewind: { step: 4 }, startedAt: 50_000 }
    const rewound = await testRun(caller, input)
    const after = await byId(run)
    const { rows: writers } = await database.query('SELECT id FROM writer WHERE writer = $1', [rewound.writer])
    const pending = { kind: 'rewind', step: 4, writerId: writers[0].id, texts: ['note'] }
    await database.query('DELETE FROM run_metric WHERE run_id = $1', [id])
    await database.query('INSERT INTO run_metric SELECT * FROM before')
    await database.query(
      'UPDATE run SET summary = $2, explicit_summary = $3, last_step = $4, pending = $5 WHERE id = $1',
      [id, JSON.stringify(summary), explicit, lastStep, JSON.stringify(pending)],
    )
    expect((await byId(run)).summary).toMatchObject({ note: 'at 9', late: 9 })
    expect(await testRun(caller, { ...input, writer: rewound.writer })).toEqual(rewound)
    expect(await byId(run)).toEqual({ ...after, heartbeatAt: expect.any(Number), runtimeMs: expect.any(Number) })
    const { metrics } = await client(caller).metrics.byRun.query(address(run))
    expect(metrics.map(({ name, count }) => [name, count])).toEqual([
      ['loss', 5],
      ['cpu', 1],
    ])
  })

  it('of an unknown run is refused', async () => {
    await testRun(caller)
    await expect(testRun(caller, { run: newRunSlug(), rewind: { step: 1 } })).rejects.toEqual(
      failsWith('NOT_FOUND', 'to rewind'),
    )
  })
})

describe('4.6 fork', () => {
  it('begins with the history of its parent up to the step, and leaves the parent alone', async () => {
    const parent = await loggedRun()
    const before = await byId(parent)
    const fork = { run: parent.run, step: 4 }
    const child = await testRun(caller, { fork, startedAt: 50_000, config: { lr: 3 }, tags: ['forked'] })
    const summary = { loss: { max: 4, last: 4 }, note: 'at 2' }
    expect(child).toMatchObject({
      startingStep: 5,
      isResumed: false,
      runtimeBeforeMs: 40,
      resumed: { summary, config: { lr: 3, seed: 7 }, totals: { loss: { count: 5 } }, labels: { tags: ['forked'] } },
    })
    expect(await testRun(caller, { run: child.run, writer: child.writer, fork })).toEqual(child)
    expect(await byId(child)).toMatchObject({ summary, lastStep: 4, state: 'running' })
    expect(await stepsOf(child)).toEqual(upTo(4))
    const { metrics, definitions } = await client(caller).metrics.byRun.query(address(child))
    expect(metrics).toMatchObject([{ name: 'loss', count: 5 }])
    expect(definitions).toMatchObject([{ name: 'loss', summary: ['max', 'last'] }])
    await postBatch(caller, batchOf(child, { rows: rows(5, 7, 49_950) }))
    const series = [{ run: child.run, metric: 'loss' }]
    const answer = await fetchSeries(caller, { ...child, series, x: { kind: 'relative' }, width: 100 })
    const [drawn] = answer.series
    expect(drawn?.form === 'points' && [...drawn.columns.x]).toEqual([0, 10, 20, 30, 40, 40, 50])
    expect(await stepsOf(parent)).toEqual(upTo(9))
    expect(await byId(parent)).toEqual(before)
  })

  it('of a run whose own fork or rewind a crash cut short has what the run has in the end', async () => {
    const first = await loggedRun()
    const parent = await testRun(caller, { fork: { run: first.run, step: 7 } })
    const { rows: found } = await database.query(
      `SELECT parent.id AS "parentId", r.id, w.id AS "writerId" FROM writer w JOIN run r ON r.id = w.run_id,
         run parent JOIN writer o ON o.run_id = parent.id WHERE w.writer = $1 AND o.writer = $2`,
      [parent.writer, first.writer],
    )
    const [{ parentId, id, writerId }] = found
    const pendings = [
      { kind: 'fork', step: 8, writerId, parentId },
      { kind: 'rewind', step: 3, writerId, texts: null },
    ]
    for (const pending of pendings) {
      await database.query('UPDATE run SET pending = $2 WHERE id = $1', [id, JSON.stringify(pending)])
      const child = await testRun(caller, { fork: { run: parent.run, step: 8 } })
      expect(await stepsOf(child)).toEqual(upTo(pending.step))
      expect(await stepsOf(parent)).toEqual(upTo(pending.step))
      expect(await byId(child)).toMatchObject({ lastStep: pending.step })
    }
  })

  it('needs a parent that is known, in the project, and an id of its own', async () => {
    const parent = await loggedRun()
    const fork = { run: parent.run, step: 4 }
    const made = newRunSlug()
    await expect(testRun(caller, { run: made, fork: { run: newRunSlug(), step: 1 } })).rejects.toEqual(
      failsWith('NOT_FOUND', 'to fork'),
    )
    await expect(client(caller).runs.byId.query({ ...address(parent), run: made })).rejects.toEqual(
      failsWith('NOT_FOUND'),
    )
    await expect(testRun(caller, { run: parent.run, fork })).rejects.toEqual(failsWith('CONFLICT', 'id of its own'))
    const other = await loggedRun()
    await expect(testRun(caller, { run: other.run, fork })).rejects.toEqual(failsWith('CONFLICT', 'id of its own'))
    await testRun(caller, { project: 'elsewhere' })
    await expect(testRun(caller, { project: 'elsewhere', fork })).rejects.toEqual(failsWith('NOT_FOUND', 'to fork'))
    const stranger = await testOrganization(server)
    await testRun(stranger)
    await expect(testRun(stranger, { fork })).rejects.toEqual(failsWith('NOT_FOUND', 'to fork'))
  })
})
