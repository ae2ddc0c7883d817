import { emptyTotals, writeTotals } from '@kiroku/core/summary'
import { describe, expect, it } from 'vitest'
import { RecordedRun } from '../test/recorded-run.ts'
import type { RunParts } from './run-parts.ts'

const totals = (last: number): ReturnType<typeof writeTotals> =>
  writeTotals({
    ...emptyTotals(),
    count: 1,
    finiteCount: 1,
    first: last,
    last,
    min: last,
    max: last,
    sum: last,
    lastStep: 6,
  })

/** A run that the server knows up to step 6. */
function known(parts: Partial<RunParts> = {}): RecordedRun {
  const definitions = [
    { name: 'val/*', stepMetric: 'epoch' },
    { name: 'odd', stepMetric: 'never' },
    { name: 'off', stepMetric: 'epoch', stepSync: false },
  ]
  return new RecordedRun({
    definitions,
    beginning: {
      startingStep: 7,
      isResumed: true,
      resumed: {
        labels: { displayName: 'calm river', group: null, jobType: null, notes: null, tags: [] },
        config: {},
        summary: { epoch: 3, loss: 2, inf: { $n: 'Infinity' } },
        definitions,
        totals: { epoch: totals(3), loss: totals(2), inf: totals(Number.POSITIVE_INFINITY) },
      },
    },
    ...parts,
  })
}

describe('4.5 the log of a run that goes on', () => {
  it('begins at the step that the server told, and knows its step metrics', () => {
    using recorded = known()
    const { run } = recorded
    expect(run.step).toBe(7)
    run.log({ 'val/acc': 1 })
    run.log({ odd: 1, off: 1 })
    run.log({ 'val/acc': 2 }, { step: 3 })
    run.log({ epoch: 4 })
    run.log({ 'val/acc': 3 })
    expect(run.summary['inf']).toBe(Number.POSITIVE_INFINITY)
    expect(recorded.told).toEqual([expect.stringContaining('step 3 is below the current step 9')])
    expect(recorded.rows().map(({ step, values }) => ({ step, ...values }))).toEqual([
      { step: 7, 'val/acc': 1, epoch: 3 },
      { step: 8, odd: 1, off: 1 },
      { step: 9, epoch: 4 },
      { step: 10, 'val/acc': 3, epoch: 4 },
    ])
  })

  it('reads the same from any record on', () => {
    using recorded = known()
    for (let row = 0; row < 5; row++) recorded.run.log({ 'val/acc': row }, { step: 7 + row * 2 })
    const all = recorded.assemble()
    expect([...all.history.steps]).toEqual([7, 9, 11, 13, 15])
    const tail = recorded.assemble(3)
    expect([...tail.history.steps]).toEqual([13, 15])
    expect(tail.history.metrics.find(({ name }) => name === 'epoch')?.values).toEqual(Float64Array.of(3, 3))
  })

  it('of a shared run has no steps of its own, says so once, and tells none', () => {
    using recorded = known({ isShared: true })
    const { run } = recorded
    expect(() => run.step).toThrow(/the server gives the steps/)
    run.log({ a: 1 }, { step: 50 })
    run.log({ a: 2 }, { step: 1 })
    expect(recorded.told).toEqual([expect.stringContaining('those that are given here are ignored')])
    expect(recorded.rows().map(({ values }) => values)).toEqual([{ a: 1 }, { a: 2 }])
  })
})
