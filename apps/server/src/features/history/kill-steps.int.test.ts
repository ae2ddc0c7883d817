import { batchAckSchema, encodeHistoryBatch, type HistoryBatch } from '@kiroku/core/history'
import { newRunSlug } from '@kiroku/core/ids'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  batchOf,
  type Caller,
  client,
  fetchSeries,
  postBatch,
  postBytes,
  readPoints,
  type SpawnedServer,
  spawnServer,
  type TestRun,
  testRun,
  until,
  uploadBlob,
} from '../../testing/index.ts'
import { type IngestStep, ingestSteps } from './ingest-steps.ts'

const slowMs = 180_000
let server: SpawnedServer
beforeAll(async () => {
  server = await spawnServer()
}, slowMs)
afterAll(() => server[Symbol.asyncDispose](), slowMs)

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** Sends until the server acknowledges, as a sidecar does when the server goes away. */
const send = (caller: Caller, batch: HistoryBatch): Promise<number> =>
  until(async () => {
    const response = await postBytes(caller, encodeHistoryBatch(batch))
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
    return batchAckSchema.parse(await response.json()).ackSeq
  }, slowMs)

/** Sends once; the server may go away meanwhile. */
const lose = (batch: HistoryBatch): Promise<unknown> => postBytes(server, encodeHistoryBatch(batch)).catch(() => {})

const addressOf = ({ organization, project, run }: TestRun) => ({ organization, project, run })

const valueAt = (step: number, time: number): number => Math.sqrt(step) + time * 1000

/** Everything that a batch can say. It logs steps anew that the one before had, and comes after 22 records. */
function richBatch(run: TestRun, blob: { sha256: string; size: number }): HistoryBatch {
  return batchOf(run, {
    firstSeq: 23,
    rows: upTo(20).map((index) => ({ step: index + 10, values: { loss: valueAt(index + 10, 1) } })),
    systemRows: [{ step: 5000, time: 5000, values: { cpu: 0.5 } }],
    texts: [
      { step: 15, time: 15, metric: 'note', value: 'again' },
      { step: 25, time: 25, metric: 'note', value: 'new' },
    ],
    console: [
      { line: 0, stream: 'stdout', time: 1, text: '100 %' },
      { line: 1, stream: 'stderr', time: 2, text: 'done' },
    ],
    updates: [
      { type: 'define', definition: { name: 'loss', summary: ['min', 'last'] } },
      { type: 'summary', set: { best: 'yes' }, unset: [] },
      { type: 'config', set: { rate: 0.1 } },
      { type: 'file', path: 'a', mime: 'text/plain', ...blob },
    ],
  })
}

async function plainRun(): Promise<{ run: TestRun; batch: HistoryBatch }> {
  const run = await testRun(server)
  const first = batchOf(run, {
    rows: upTo(20).map((step) => ({ step, values: { loss: valueAt(step, 0) } })),
    texts: [{ step: 15, time: 15, metric: 'note', value: 'first' }],
    console: [{ line: 0, stream: 'stdout', time: 1, text: '50 %' }],
  })
  await postBatch(server, first)
  return { run, batch: richBatch(run, await uploadBlob(server, 'content')) }
}

/** Two writers of one run; each has ten rows, of which the server gives the steps. */
async function sharedRun(): Promise<TestRun[]> {
  const run = newRunSlug()
  return Promise.all(['a', 'b'].map((label) => testRun(server, { run, shared: true, label })))
}

function sharedBatch(run: TestRun, writer: number, from: number, to: number): HistoryBatch {
  const rows = upTo(to - from).map((index) => ({ step: 0, values: { row: writer * 1000 + from + index } }))
  return batchOf(run, { firstSeq: from + 1, rows })
}

/** Everything that is told of a run. */
async function stateOf(run: TestRun) {
  const api = client(server)
  const address = addressOf(run)
  const { summary, config, lastStep } = await api.runs.byId.query(address)
  const { metrics } = await api.metrics.byRun.query(address)
  const chart = await fetchSeries(server, { ...address, series: [{ run: run.run, metric: 'loss' }], width: 1000 })
  const { steps, values } = await readPoints(server, { ...address, metric: 'loss' })
  const cpu = await readPoints(server, { ...address, metric: 'cpu', stream: 'system' })
  const texts = await api.texts.byRun.query(address)
  const { lines } = await api.console.byRun.query(address)
  const files = await api.files.list.query(address)
  return {
    run: { summary, config, lastStep },
    totals: metrics.map(({ name, count, min, max }) => ({ name, count, min, max })),
    drawn: chart.series[0]?.count,
    points: [...steps].map((step, index) => [step, values[index]]),
    system: [...cpu.values],
    texts: texts.map(({ step, value }) => [step, value]),
    lines: lines.map(({ line, text }) => [line, text]),
    files: files.map(({ path }) => path),
  }
}

/** What a run must be after both of its batches, whatever happened on their way. */
function expectedState() {
  const points = upTo(30).map((step) => [step, valueAt(step, step < 10 ? 0 : 1)])
  const last = valueAt(29, 1)
  return {
    run: {
      summary: { loss: { min: 0, last }, best: 'yes', note: 'new' },
      config: { rate: 0.1 },
      lastStep: 29,
    },
    totals: [
      { name: 'loss', count: 30, min: 0, max: last },
      { name: 'cpu', count: 1, min: 0.5, max: 0.5 },
    ],
    drawn: 30,
    points,
    system: [0.5],
    texts: [
      [15, 'again'],
      [25, 'new'],
    ],
    lines: [
      [0, '100 %'],
      [1, 'done'],
    ],
    files: ['a'],
  }
}

describe('kill -9 of the server at a step of a batch’s way', () => {
  it.each(ingestSteps.map((step): [IngestStep] => [step]))(
    '%s: what is sent again is there once',
    async (step) => {
      const { run, batch } = await plainRun()
      const shared = await sharedRun()
      await server.killAt(step)
      const lost = [lose(batch), ...shared.map((each, writer) => lose(sharedBatch(each, writer, 0, 10)))]
      await server.gone()
      await Promise.all(lost)
      await server.restart()

      expect(await send(server, batch)).toBe(batch.lastSeq)
      // Not in the batches in which it was sent before.
      await Promise.all(
        shared.map(async (each, writer) => {
          expect(await send(server, sharedBatch(each, writer, 0, 4))).toBeGreaterThanOrEqual(4)
          expect(await send(server, sharedBatch(each, writer, 4, 10))).toBe(10)
        }),
      )
      const state = await stateOf(run)
      expect(state).toEqual(expectedState())

      // Once more changes nothing, and the next record is the next one.
      expect(await send(server, batch)).toBe(batch.lastSeq)
      expect(await stateOf(run)).toEqual(state)
      const next = batchOf(run, { firstSeq: batch.lastSeq + 1, rows: [{ step: 30, values: { loss: 1 } }] })
      expect(await send(server, next)).toBe(batch.lastSeq + 1)

      const [first] = shared
      const address = { ...addressOf(first ?? run), metric: 'row' }
      const { steps, values } = await readPoints(server, address)
      expect([...values].sort((one, other) => one - other)).toEqual([...upTo(10), ...upTo(10).map((row) => 1000 + row)])
      expect([...steps]).toEqual(upTo(20))
      for (const writer of [0, 1]) {
        const own = [...values].filter((value) => value >= writer * 1000 && value < writer * 1000 + 1000)
        expect(own).toEqual(upTo(10).map((row) => writer * 1000 + row))
      }
      const { metrics } = await client(server).metrics.byRun.query(addressOf(first ?? run))
      expect(metrics).toMatchObject([{ name: 'row', count: 20, lastStep: 19 }])
    },
    slowMs,
  )
})
