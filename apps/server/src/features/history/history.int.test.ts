import { KirokuError } from '@kiroku/core/errors'
import { decodeFrame, encodeFrame } from '@kiroku/core/frames'
import { batchAckSchema, encodeHistoryBatch, maxBatchBytes } from '@kiroku/core/history'
import { newWriterId } from '@kiroku/core/ids'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  batchOf,
  type Caller,
  client,
  fetchSeries,
  postBatch,
  postBytes,
  readPoints,
  type TestRow,
  type TestRun,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
} from '../../testing/index.ts'

let failAfterInsert = 0
let server: TestServer
let caller: Caller & { organization: string }

beforeAll(async () => {
  server = await testServer({
    logLevel: 'silent',
    onIngestStep: (step) => {
      if (step === 'stored' && failAfterInsert > 0) {
        failAfterInsert--
        throw new KirokuError({ code: 'UNAVAILABLE', message: 'failed on purpose' })
      }
    },
  })
  caller = await testOrganization(server)
})
afterAll(() => server.close())
afterEach(() => {
  failAfterInsert = 0
})

const address = (run: TestRun) => ({ organization: run.organization, project: run.project, run: run.run })
const read = (run: TestRun, metric = 'loss') => readPoints(caller, { ...address(run), metric })
const byId = (run: TestRun) => client(caller).runs.byId.query(address(run))
const byRun = (run: TestRun) => client(caller).metrics.byRun.query(address(run))
const lossRows = (from: number, to: number): TestRow[] =>
  Array.from({ length: to - from }, (_, index) => ({ step: from + index, values: { loss: (from + index) / 7 } }))

/** Everything that a reader sees of a run's points and totals. */
const everything = async (run: TestRun) => {
  const { summary, lastStep } = await byId(run)
  const { steps, times, values } = await read(run)
  return { summary, lastStep, metrics: (await byRun(run)).metrics, steps, times, values }
}

describe('a batch', () => {
  it('comes back as points, series, totals and summary', async () => {
    const run = await testRun(caller, { definitions: [{ name: 'loss', stepMetric: 'batch', summary: ['min', 'max'] }] })
    const rows = [3, 1, 2].map((loss, step) => ({ step, time: 1e12 + step, values: { loss, batch: step * 10 } }))
    const ack = await postBatch(caller, batchOf(run, { rows, systemRows: [{ step: 1e12, values: { cpu: 50 } }] }))
    expect(ack).toMatchObject({ ackSeq: 4, nextBatchMs: 200, rejected: [] })
    expect(await read(run)).toEqual({
      steps: new Float64Array([0, 1, 2]),
      times: new Float64Array([1e12, 1e12 + 1, 1e12 + 2]),
      values: new Float64Array([3, 1, 2]),
    })
    const answer = await fetchSeries(caller, { ...run, series: [{ run: run.run, metric: 'loss' }], width: 100 })
    expect(answer.series[0]).toMatchObject({
      run: run.run,
      x: { kind: 'metric', name: 'batch' },
      form: 'points',
      columns: { x: new Float64Array([0, 10, 20]), y: new Float64Array([3, 1, 2]) },
    })
    expect(await byId(run)).toMatchObject({
      state: 'running',
      lastStep: 2,
      liveWriters: 1,
      summary: { loss: { min: 1, max: 3 }, batch: 20 },
    })
    expect((await byRun(run)).metrics).toEqual([
      { name: 'batch', stream: 'history', count: 3, nonFiniteCount: 0, min: 0, max: 20, lastStep: 2 },
      { name: 'loss', stream: 'history', count: 3, nonFiniteCount: 0, min: 1, max: 3, lastStep: 2 },
      { name: 'cpu', stream: 'system', count: 1, nonFiniteCount: 0, min: 50, max: 50, lastStep: 1e12 },
    ])
  })

  it('carries every bit of NaN, the infinities, -0 and the smallest number to the series', async () => {
    const run = await testRun(caller)
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 5e-324, Number.MAX_VALUE, 0.1]
    await postBatch(caller, batchOf(run, { rows: odd.map((loss, step) => ({ step, values: { loss } })) }))
    const answer = await fetchSeries(caller, { ...run, series: [{ run: run.run, metric: 'loss' }], width: 100 })
    const [series] = answer.series
    expect(series?.form).toBe('points')
    const bits = (values: Float64Array): string =>
      Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex')
    expect(series?.form === 'points' && bits(series.columns.y)).toBe(bits(new Float64Array(odd)))
    expect(bits((await read(run)).values)).toBe(bits(new Float64Array(odd)))
    expect((await byRun(run)).metrics[0]).toMatchObject({
      count: 7,
      nonFiniteCount: 3,
      min: { $n: '-Infinity' },
      max: { $n: 'Infinity' },
    })
  })

  it('that is sent again changes nothing, in whole, in part, and longer than before', async () => {
    const run = await testRun(caller)
    await postBatch(caller, batchOf(run, { rows: lossRows(0, 10) }))
    const before = await everything(run)
    expect(await postBatch(caller, batchOf(run, { rows: lossRows(0, 10) }))).toMatchObject({ ackSeq: 10 })
    expect(await postBatch(caller, batchOf(run, { firstSeq: 4, rows: lossRows(3, 6) }))).toMatchObject({ ackSeq: 10 })
    expect(await everything(run)).toEqual(before)
    expect(await postBatch(caller, batchOf(run, { firstSeq: 6, rows: lossRows(5, 15) }))).toMatchObject({ ackSeq: 15 })
    const after = await everything(run)
    expect(after.values).toEqual(new Float64Array(lossRows(0, 15).map(({ values }) => values['loss'] ?? 0)))
    expect(after.metrics[0]).toMatchObject({ count: 15 })
  })

  it('that would leave a gap is refused, with the record to go on from', async () => {
    const run = await testRun(caller)
    await postBatch(caller, batchOf(run, { rows: lossRows(0, 2) }))
    const gap = await postBytes(caller, encodeHistoryBatch(batchOf(run, { firstSeq: 5, rows: lossRows(4, 5) })))
    expect(gap.status).toBe(409)
    expect(await gap.json()).toMatchObject({ code: 'CONFLICT', details: { ackSeq: 2 } })
  })

  it('of nothing is a sign of life', async () => {
    const run = await testRun(caller)
    const before = await byId(run)
    expect(await postBatch(caller, batchOf(run, {}))).toMatchObject({ ackSeq: 0 })
    expect((await byId(run)).heartbeatAt).toBeGreaterThanOrEqual(before.heartbeatAt)
  })

  it('of an unknown writer, run or project is refused', async () => {
    const run = await testRun(caller)
    const batch = batchOf(run, { rows: lossRows(0, 1) })
    for (const other of [{ writer: newWriterId() }, { run: 'other' }, { project: 'other' }]) {
      const answer = await postBytes(caller, encodeHistoryBatch({ ...batch, ...other }))
      expect(answer.status).toBe(404)
    }
  })

  it('that is broken is refused, and so is another content type', async () => {
    const run = await testRun(caller)
    const bytes = encodeHistoryBatch(batchOf(run, { rows: lossRows(0, 3) }))
    expect((await postBytes(caller, bytes.slice(0, -8))).status).toBe(400)
    expect((await postBytes(caller, new Uint8Array(0))).status).toBe(400)
    const asText = await fetch(`${caller.url}/api/ingest`, {
      method: 'POST',
      headers: { authorization: `Bearer ${caller.apiKey}`, 'content-type': 'text/plain' },
      body: bytes,
    })
    expect(asText.status).toBe(400)
  })

  it('that is too large is refused', async () => {
    const answer = await postBytes(caller, new Uint8Array(maxBatchBytes + 1))
    expect(answer.status).toBe(413)
    expect(await answer.json()).toMatchObject({
      code: 'TOO_LARGE',
      message: `the body has more than ${maxBatchBytes} bytes, the most that is taken here; send it in parts`,
    })
  })

  it('keeps its good values when some cannot be stored, and says which', async () => {
    const run = await testRun(caller)
    const name = 'x'.repeat(600)
    const frame = decodeFrame(
      encodeHistoryBatch(
        batchOf(run, {
          rows: [{ step: 0, values: { loss: 1, [name]: 2 } }],
          updates: [{ type: 'config', set: { a: 1 } }],
        }),
      ),
    )
    const header = { ...Object(frame.header) }
    const bytes = encodeFrame({ ...header, updates: [...header.updates, { type: 'nonsense', seq: 2 }] }, frame.columns)
    const answer = await postBytes(caller, bytes)
    expect(batchAckSchema.parse(await answer.json())).toMatchObject({
      ackSeq: 2,
      rejected: [{ metric: 'x'.repeat(100) }, { metric: 'nonsense' }],
    })
    expect([...(await read(run)).values]).toEqual([1])
    expect((await byId(run)).config).toEqual({ a: 1 })
  })

  it('that has a metric twice keeps the first, and counts it once', async () => {
    const run = await testRun(caller)
    const batch = batchOf(run, { rows: lossRows(0, 3) })
    const again = batch.history.metrics.map((metric) => ({ ...metric, values: new Float64Array(3).fill(9) }))
    batch.history.metrics.push(...again)
    expect((await postBatch(caller, batch)).rejected).toEqual([{ metric: 'loss', reason: 'it comes twice in a block' }])
    expect((await read(run)).values).toEqual(Float64Array.of(0, 1 / 7, 2 / 7))
    expect((await byRun(run)).metrics).toMatchObject([{ name: 'loss', count: 3, max: 2 / 7 }])
  })

  it('of a run that begins or ends at any time that a date can hold is stored, and can be read', async () => {
    for (const time of [-8.64e15, -1, 1.7e15, 8.64e15]) {
      const run = await testRun(caller, { startedAt: Math.max(0, time) })
      const finish = { type: 'finish', state: 'finished', exitCode: 0, time } as const
      expect(await postBatch(caller, batchOf(run, { updates: [finish] }))).toMatchObject({ rejected: [] })
      expect((await byId(run)).state).toBe('finished')
    }
  })

  it('stores names and texts of any language, and what PostgreSQL would refuse', async () => {
    const run = await testRun(caller)
    await postBatch(
      caller,
      batchOf(run, {
        rows: [{ step: 0, values: { 'vál/精度 😀': 1, "o'br\\ien\n": 2 } }],
        texts: [{ step: 0, time: 1e12, metric: 'note', value: { text: 'a\0b', lone: '\ud800' } }],
        updates: [{ type: 'config', set: { 'k\0': '\udfff' } }],
      }),
    )
    expect([...(await read(run, 'vál/精度 😀')).values]).toEqual([1])
    expect([...(await read(run, "o'br\\ien\n")).values]).toEqual([2])
    expect((await byId(run)).config).toEqual({ 'k\ufffd': '\ufffd' })
    const [text] = await client(caller).texts.byRun.query(address(run))
    expect(text).toMatchObject({ metric: 'note', step: 0, time: 1e12 })
  })
})

describe('a failure between the store and the acknowledgement', () => {
  it('leaves nothing doubled when the batch comes again', async () => {
    const run = await testRun(caller)
    failAfterInsert = 1
    const batch = batchOf(run, { rows: lossRows(0, 50) })
    const first = await postBytes(caller, encodeHistoryBatch(batch))
    expect(first.status).toBe(503)
    expect((await byRun(run)).metrics).toEqual([])
    expect(await postBatch(caller, batch)).toMatchObject({ ackSeq: 50 })
    const { values, metrics } = await everything(run)
    expect(values.length).toBe(50)
    expect(metrics[0]).toMatchObject({ count: 50, max: 7 })
  })
})

describe('many writers at once', () => {
  it('each get all of their own, and a bad one harms no other', async () => {
    const runs = await Promise.all(Array.from({ length: 12 }, () => testRun(caller)))
    const deleted = await testRun(caller)
    await client(caller).runs.delete.mutate(address(deleted))
    const answers = await Promise.all([
      ...runs.map((run, index) => postBatch(caller, batchOf(run, { rows: lossRows(0, index + 1) }))),
      postBytes(caller, encodeHistoryBatch(batchOf(deleted, { rows: lossRows(0, 1) }))).then(({ status }) => status),
    ])
    expect(answers.at(-1)).toBe(409)
    const lengths = await Promise.all(runs.map(async (run) => (await read(run)).values.length))
    expect(lengths).toEqual(runs.map((_, index) => index + 1))
  })

  it('of one run add up', async () => {
    const first = await testRun(caller)
    const second = await testRun(caller, { run: first.run })
    expect((await byId(first)).liveWriters).toBe(2)
    await Promise.all([
      postBatch(caller, batchOf(first, { rows: lossRows(0, 100) })),
      postBatch(caller, batchOf(second, { rows: lossRows(100, 250) })),
    ])
    const { values, metrics, lastStep } = await everything(first)
    expect(values.length).toBe(250)
    expect(metrics[0]).toMatchObject({ count: 250, lastStep: 249 })
    expect(lastStep).toBe(249)
  })

  it('leave the same whatever is sent twice or overlaps', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(6), fc.nat(4)), { minLength: 1, maxLength: 6 }), async (cuts) => {
        const run = await testRun(caller)
        let sent = 0
        for (const [length, overlap] of cuts) {
          const from = Math.max(0, sent - overlap)
          const to = sent + length
          const batch = batchOf(run, { firstSeq: from + 1, rows: lossRows(from, to) })
          const [ack] = await Promise.all([postBatch(caller, batch), postBatch(caller, batch)])
          expect(ack.ackSeq).toBe(to)
          sent = to
        }
        const { values, metrics } = await everything(run)
        expect([...values]).toEqual(lossRows(0, sent).map(({ values: { loss } }) => loss))
        expect(metrics.map(({ count }) => count)).toEqual(sent === 0 ? [] : [sent])
      }),
      { numRuns: 15 },
    )
  })
})

describe('a run', () => {
  const finish = (state: 'finished' | 'failed' | 'crashed', exitCode: number | null) => ({
    type: 'finish' as const,
    state,
    exitCode,
    time: 1_700_000_000_000,
  })

  it('ends as its writer says, and a late batch of that writer does not wake it', async () => {
    const run = await testRun(caller)
    await postBatch(caller, batchOf(run, { rows: lossRows(0, 2), updates: [finish('failed', 3)] }))
    const ended = { state: 'failed', exitCode: 3, finishedAt: 1_700_000_000_000, liveWriters: 0 }
    expect(await byId(run)).toMatchObject(ended)
    await postBatch(caller, batchOf(run, { firstSeq: 4, rows: lossRows(2, 3) }))
    expect(await byId(run)).toMatchObject({ ...ended, lastStep: 2 })
  })

  it('goes on with a new writer, and then ends as that one says', async () => {
    const first = await testRun(caller)
    await postBatch(caller, batchOf(first, { updates: [finish('crashed', null)] }))
    const second = await testRun(caller, { run: first.run })
    expect(await byId(first)).toMatchObject({ state: 'running', finishedAt: null, exitCode: null })
    await postBatch(caller, batchOf(second, { rows: lossRows(0, 1), updates: [finish('finished', 0)] }))
    expect(await byId(first)).toMatchObject({ state: 'finished', exitCode: 0 })
  })

  it('is not ended by the late words of an older writer', async () => {
    const first = await testRun(caller)
    const second = await testRun(caller, { run: first.run })
    await postBatch(caller, batchOf(second, { updates: [finish('finished', 0)] }))
    await postBatch(caller, batchOf(first, { rows: lossRows(0, 1) }))
    expect((await byId(first)).state).toBe('running')
    await postBatch(caller, batchOf(first, { firstSeq: 2, updates: [finish('crashed', null)] }))
    expect(await byId(first)).toMatchObject({ state: 'finished', exitCode: 0 })
  })

  it('takes config, labels, definitions and summary in the order of the stream', async () => {
    const run = await testRun(caller, { config: { lr: 1, model: 'a' }, tags: ['one'] })
    await postBatch(
      caller,
      batchOf(run, {
        rows: lossRows(0, 3),
        updates: [
          { type: 'config', set: { lr: 2 } },
          { type: 'labels', set: { displayName: 'renamed', group: 'g', notes: 'n', tags: ['two', 'three'] } },
          { type: 'define', definition: { name: 'loss', stepMetric: 'epoch', goal: 'minimize', unit: 'nats' } },
          { type: 'summary', set: { best: { $n: 'NaN' } }, unset: [] },
          { type: 'labels', set: { group: null } },
        ],
      }),
    )
    expect(await byId(run)).toMatchObject({
      config: { lr: 2, model: 'a' },
      displayName: 'renamed',
      group: null,
      notes: 'n',
      tags: ['two', 'three'],
      summary: { best: { $n: 'NaN' } },
    })
    expect((await byRun(run)).definitions).toMatchObject([
      { name: 'loss', stepMetric: 'epoch', goal: 'minimize', unit: 'nats' },
    ])
  })
})
