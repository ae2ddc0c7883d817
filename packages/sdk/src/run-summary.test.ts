import { emptyTotals } from '@kiroku/core/summary'
import { describe, expect, it } from 'vitest'
import { RecordedRun } from '../test/recorded-run.ts'
import { MetricTracker } from './metric-tracker.ts'
import { summaryOfRun } from './run-summary.ts'
import { SummaryStore } from './summary-store.ts'

describe('3.2 explicit summary', () => {
  it('shows bare in the place of operations, which later rows do not bring back', () => {
    using recorded = new RecordedRun()
    const { run } = recorded
    run.defineMetric('v', { summary: 'max' })
    run.log({ v: 9 })
    expect(run.summary['v']).toEqual({ max: 9 })
    run.summary['v'] = 1
    expect(run.summary['v']).toBe(1)
    run.log({ v: 2 })
    expect(run.summary['v']).toBe(2)
    run.defineMetric('v', { summary: 'max' })
    expect(run.summary['v']).toEqual({ max: 9 })
  })

  it('may be null, in the place of what was logged', () => {
    using recorded = new RecordedRun()
    const { run } = recorded
    run.log({ v: 9, text: 'a' })
    run.summary.update({ v: null, text: null, other: null })
    expect({ ...run.summary }).toEqual({ v: null, text: null, other: null })
    run.log({ v: 2 })
    expect(run.summary['v']).toBe(2)
  })

  it('shows where `none` hides what is logged (defect 15)', () => {
    using recorded = new RecordedRun()
    const { run } = recorded
    run.defineMetric('v/*', { summary: 'none' })
    run.log({ 'v/a': 1, 'v/b': 1 })
    run.summary['v/a'] = 5
    expect({ ...run.summary }).toEqual({ 'v/a': 5 })
  })

  it('keeps the operations of what is removed for the next row', () => {
    using recorded = new RecordedRun()
    const { run } = recorded
    run.defineMetric('v', { summary: 'min' })
    run.log({ v: 1 })
    delete run.summary['v']
    expect('v' in run.summary).toBe(false)
    run.log({ v: 2 })
    expect(run.summary['v']).toEqual({ min: 1 })
  })

  it('makes nothing of a metric that only texts were logged of (defect 8)', () => {
    using recorded = new RecordedRun()
    const { run } = recorded
    run.defineMetric('s', { summary: ['min', 'max', 'mean'] })
    run.log({ s: 'text' })
    expect({ ...run.summary }).toEqual({ s: 'text' })
  })
})

describe('3.2 nested summary', () => {
  it('is read and set by parts, and is one with its dotted keys', () => {
    using recorded = new RecordedRun()
    const { summary } = recorded.run
    summary['a'] = { b: 1, c: { d: 2 } }
    const a: Record<string, unknown> = Object(summary['a'])
    expect(a['b']).toBe(1)
    expect({ ...a }).toEqual({ b: 1, 'c.d': 2 })
    a['c'] = { e: 3 }
    expect(summary['a.c.e']).toBe(3)
    expect('a' in summary && 'c' in a && !('x' in a)).toBe(true)
    expect(summary.nested()).toEqual({ a: { b: 1, c: { d: 2, e: 3 } } })
    delete a['c']
    expect({ ...summary }).toEqual({ 'a.b': 1 })
    delete summary['a']
    expect(Object.keys(summary)).toEqual([])
    const sets = recorded.assemble().updates.flatMap((update) => (update.type === 'summary' ? [update] : []))
    expect(sets.map(({ set, unset }) => [set, unset])).toEqual([
      [{ 'a.b': 1, 'a.c.d': 2 }, []],
      [{ 'a.c.e': 3 }, []],
      [{}, ['a.c.d', 'a.c.e']],
      [{}, ['a.b']],
    ])
  })

  it('keeps a key dotted that is below one with a value', () => {
    using recorded = new RecordedRun()
    recorded.run.log({ a: 1, 'a.b': 2, 'c.d': 3 })
    expect(recorded.run.summary.nested()).toEqual({ a: 1, 'a.b': 2, c: { d: 3 } })
  })
})

describe('4.5 a summary that goes on (defect 6)', () => {
  const totals = { ...emptyTotals(), count: 3, finiteCount: 3, first: 4, last: 6, min: 1, max: 9, sum: 16, lastStep: 7 }

  it('shows what the server has until it is logged again, and then goes on from all values', () => {
    const trackers = new Map([
      ['loss', new MetricTracker(totals)],
      ['acc', new MetricTracker(totals)],
      ['gone', new MetricTracker(totals)],
    ])
    const store = new SummaryStore(trackers, () => {})
    store.define({ name: 'loss', summary: ['min', 'max', 'mean', 'first', 'last'] })
    store.resume({ loss: { min: 1, max: 9, mean: 16 / 3, first: 4, last: 6 }, acc: 100, note: 'text' })
    const summary = summaryOfRun(store)
    expect({ ...summary }).toEqual({
      loss: { min: 1, max: 9, mean: 16 / 3, first: 4, last: 6 },
      acc: 100,
      note: 'text',
    })
    for (const name of ['loss', 'acc', 'gone']) {
      trackers.get(name)?.add(5)
      store.sawNumber(name)
    }
    expect({ ...summary }).toEqual({
      loss: { min: 1, max: 9, mean: 21 / 4, first: 4, last: 5 },
      acc: 5,
      gone: 5,
      note: 'text',
    })
  })

  it('follows a definition that comes before the next row', () => {
    const store = new SummaryStore(new Map([['loss', new MetricTracker(totals)]]), () => {})
    store.resume({ loss: 6 })
    store.define({ name: 'loss', summary: ['max'] })
    expect(store.all).toEqual({ loss: { max: 9 } })
  })

  it('counts in the course only what this script logs', () => {
    const tracker = new MetricTracker(totals)
    expect(tracker.course).toEqual([])
    tracker.add(2)
    expect([tracker.course, tracker.totals.count]).toEqual([[2], 4])
  })
})
