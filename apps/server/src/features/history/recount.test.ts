import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batchOf, type TestRow } from '../../testing/factories.ts'
import { applyBatch, type RunDocument } from './apply-batch.ts'
import { metricsToRecount } from './recount.ts'

const run = { project: 'p', run: 'r', writer: 'w'.repeat(16) }
const emptyDocument = (): RunDocument => ({
  summary: new Map(),
  explicit: new Set(),
  definitions: [],
  totals: new Map(),
  counted: new Map(),
  lastStep: null,
})

const row: fc.Arbitrary<TestRow> = fc.record({
  step: fc.nat(12),
  values: fc.dictionary(fc.constantFrom('a', 'b'), fc.integer({ min: -9, max: 9 }), { maxKeys: 2 }),
})

describe('totals', () => {
  it('that are added up are those of the points that stand; all others are known to need counting', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(row, { maxLength: 5 }), { maxLength: 3 }),
        fc.array(fc.array(row, { maxLength: 5 }), { minLength: 1, maxLength: 2 }),
        (before, after) => {
          const document = emptyDocument()
          const standing = new Map<string, Map<number, number>>()
          const stand = (rows: readonly TestRow[]): void => {
            for (const { step, values } of rows)
              for (const [name, value] of Object.entries(values))
                standing.set(name, (standing.get(name) ?? new Map<number, number>()).set(step, value))
          }
          for (const rows of before.map((some) => [...new Map(some.map((one) => [one.step, one])).values()])) {
            const rising = rows.sort((left, right) => left.step - right.step)
            const batch = batchOf(run, { rows: rising })
            if (metricsToRecount(document.totals, [batch]).size > 0) continue
            applyBatch(document, batch)
            stand(rising)
          }
          const batches = after.map((rows) => batchOf(run, { rows }))
          const marked = metricsToRecount(document.totals, batches)
          for (const batch of batches) applyBatch(document, batch)
          for (const rows of after) stand(rows)
          for (const [key, { name, totals }] of document.totals) {
            if (marked.has(key)) continue
            const values = [...(standing.get(name) ?? [])].sort(([left], [right]) => left - right)
            expect(totals).toMatchObject({
              count: values.length,
              first: values[0]?.[1],
              last: values.at(-1)?.[1],
              lastStep: values.at(-1)?.[0],
              sum: values.reduce((sum, [, value]) => sum + value, 0),
            })
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('of steps that rise are added up', () => {
    const document = emptyDocument()
    const first = batchOf(run, { rows: [0, 1, 2].map((step) => ({ step, values: { a: step } })) })
    const second = batchOf(run, { rows: [3, 4].map((step) => ({ step, values: { a: step } })) })
    expect(metricsToRecount(document.totals, [first, second]).size).toBe(0)
    applyBatch(document, first)
    expect(metricsToRecount(document.totals, [second]).size).toBe(0)
    expect([...metricsToRecount(document.totals, [first]).values()]).toEqual([{ stream: 'history', name: 'a' }])
  })
})
