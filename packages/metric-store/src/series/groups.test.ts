import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RequestedSeries } from '../types.ts'
import { groupSeries, inHalves, type KeyedSeries, keyAt, seriesKeyOf, withKey } from './groups.ts'

const series = (run: string, metric: string, extra: Partial<RequestedSeries> = {}): KeyedSeries =>
  withKey({
    run,
    metric,
    stream: 'history',
    x: { kind: 'step' },
    segments: [{ startedAt: 0, runtimeBeforeMs: 0 }],
    ...extra,
  })

test('a metric over many runs is one group, and so is a run with many metrics', () => {
  expect(groupSeries(['1', '2', '3'].map((run) => series(run, 'loss')))).toHaveLength(1)
  expect(groupSeries(['a', 'b', 'c'].map((metric) => series('1', metric)))).toHaveLength(1)
})

test('groups hold exactly the series that were asked for, each once', () => {
  const requested = fc.record({
    run: fc.constantFrom('1', '2', '3', '4'),
    metric: fc.constantFrom('a', 'b', 'c'),
    stream: fc.constantFrom('history' as const, 'system' as const),
    x: fc.constantFrom<RequestedSeries['x']>({ kind: 'step' }, { kind: 'time' }, { kind: 'metric', name: 'a' }),
    segments: fc.constant([{ startedAt: 5, runtimeBeforeMs: 0 }]),
  })
  fc.assert(
    fc.property(fc.array(requested, { maxLength: 40 }), (wanted) => {
      const groups = groupSeries(wanted.map(withKey))
      for (const group of groups)
        for (const [at, run] of group.runs.entries())
          for (const [place, metric] of group.metrics.entries())
            expect(keyAt(group, at, place)).toBe(seriesKeyOf({ ...group, run, metric }))
      const read = groups.flatMap(({ keys }) => keys.flat())
      expect(read.sort()).toEqual([...new Set(wanted.map(seriesKeyOf))].sort())
    }),
  )
})

test("a group's runs are sorted by the second half of their ids, as ClickHouse sorts them", () => {
  const runs = ['00000000-0000-8000-8000-000000000002', '10000000-0000-8000-8000-000000000001']
  expect(groupSeries(runs.map((run) => series(run, 'loss')))[0]?.runs).toEqual(runs.toReversed())
})

test('a group of many runs is read in halves, that have each of its runs with its clock once', () => {
  const runs = Array.from({ length: 101 }, (_, index) => `run ${index}`)
  const wanted = runs.flatMap((run, startedAt) => [
    series(run, 'a', { segments: [{ startedAt, runtimeBeforeMs: 0 }] }),
    series(run, 'b', { segments: [{ startedAt, runtimeBeforeMs: 0 }] }),
  ])
  const halves = inHalves(groupSeries(wanted))
  expect(halves.map(({ runs: some }) => some.length)).toEqual([51, 50])
  for (const { runs: some, metrics, keys, clocks } of halves) {
    expect(metrics).toEqual(['a', 'b'])
    expect(keys).toEqual(metrics.map((metric) => some.map((run) => series(run, metric).key)))
    expect(clocks.map(({ bases }) => bases)).toEqual(some.map((run) => [runs.indexOf(run)]))
  }
  expect(halves.flatMap(({ runs: some }) => some).sort()).toEqual([...runs].sort())
  expect(inHalves(groupSeries(wanted.slice(0, 38)))).toHaveLength(1)
})

test('a run has one start', () => {
  const segments = [{ startedAt: 1, runtimeBeforeMs: 0 }]
  expect(() => groupSeries([series('1', 'a'), series('1', 'b', { segments })])).toThrow('two starts')
})

test('segments that go on with the clock of the one before need no clock of their own', () => {
  const segments = [
    { startedAt: 100, runtimeBeforeMs: 0 },
    { startedAt: 130, runtimeBeforeMs: 30 },
    { startedAt: 500, runtimeBeforeMs: 60 },
  ]
  expect(groupSeries([series('1', 'a', { segments })])[0]?.clocks).toEqual([{ starts: [100, 500], bases: [100, 440] }])
})
