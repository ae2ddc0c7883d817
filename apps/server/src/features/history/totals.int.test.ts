import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  batchOf,
  type Caller,
  client,
  postBatch,
  readPoints,
  type TestRow,
  type TestRun,
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

const address = (run: TestRun) => ({ organization: run.organization, project: run.project, run: run.run })

/** What a metric's points amount to, by reading all of them. */
async function countedByHand(run: TestRun, metric: string) {
  const { steps, values } = await readPoints(caller, { ...address(run), metric })
  const numbers = [...values].filter((value) => !Number.isNaN(value))
  return {
    count: values.length,
    nonFiniteCount: values.length - numbers.filter(Number.isFinite).length,
    min: numbers.length === 0 ? null : Math.min(...numbers),
    max: numbers.length === 0 ? null : Math.max(...numbers),
    lastStep: steps.at(-1),
    last: values.at(-1),
  }
}

describe('totals', () => {
  it('are those of the points that stand, whatever two writers log again', async () => {
    const row: fc.Arbitrary<TestRow> = fc.record({
      step: fc.nat(12),
      values: fc.dictionary(
        fc.constantFrom('a', 'b'),
        fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constant(Number.NaN)),
      ),
    })
    const send = fc.record({ writer: fc.nat(1), rows: fc.array(row, { minLength: 1, maxLength: 5 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(send, { minLength: 1, maxLength: 5 }), async (sends) => {
        const first = await testRun(caller)
        const second = await testRun(caller, { run: first.run })
        const sent = [0, 0]
        for (const { writer, rows } of sends) {
          const firstSeq = (sent[writer] ?? 0) + 1
          await postBatch(caller, batchOf(writer === 0 ? first : second, { firstSeq, rows }))
          sent[writer] = firstSeq - 1 + rows.length
        }
        const { metrics } = await client(caller).metrics.byRun.query(address(first))
        const { summary } = await client(caller).runs.byId.query(address(first))
        for (const { name, stream: _stream, ...totals } of metrics) {
          const { last, ...byHand } = await countedByHand(first, name)
          expect(totals).toEqual(byHand)
          expect(summary[name]).toEqual(Number.isNaN(last) ? { $n: 'NaN' } : last)
        }
      }),
      { numRuns: 25 },
    )
  })

  it('of the machine follow a second writer too', async () => {
    const first = await testRun(caller)
    const second = await testRun(caller, { run: first.run })
    const systemRows = [10, 20].map((step) => ({ step, values: { cpu: step } }))
    await postBatch(caller, batchOf(first, { systemRows }))
    await postBatch(caller, batchOf(second, { systemRows }))
    const { metrics } = await client(caller).metrics.byRun.query(address(first))
    expect(metrics).toMatchObject([{ stream: 'system', name: 'cpu', count: 2, max: 20 }])
  })

  it('keep the operations of a summary right when a step is logged again', async () => {
    const run = await testRun(caller, {
      definitions: [{ name: 'v', summary: ['min', 'max', 'mean', 'first', 'last'] }],
    })
    const rows = [1, 50, 3].map((v, step) => ({ step, values: { v } }))
    await postBatch(caller, batchOf(run, { rows }))
    const again = await testRun(caller, { run: run.run })
    await postBatch(caller, batchOf(again, { rows: [{ step: 1, values: { v: 2 } }] }))
    expect((await client(caller).runs.byId.query(address(run))).summary).toEqual({
      v: { min: 1, max: 3, mean: 2, first: 1, last: 3 },
    })
  })
})
