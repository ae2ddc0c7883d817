import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RequestedSeries } from '../types.ts'
import { groupSeries, seriesKeyOf } from './groups.ts'

const series = (run: string, metric: string, extra: Partial<RequestedSeries> = {}): RequestedSeries => ({
  run,
  metric,
  stream: 'history',
  x: { kind: 'step' },
  startedAt: 0,
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
    startedAt: fc.constant(5),
  })
  fc.assert(
    fc.property(fc.array(requested, { maxLength: 40 }), (wanted) => {
      const read = groupSeries(wanted).flatMap(({ runs, metrics, stream, x }) =>
        runs.flatMap((run) => metrics.map((metric) => seriesKeyOf({ run, metric, stream, x }))),
      )
      expect(read.sort()).toEqual([...new Set(wanted.map(seriesKeyOf))].sort())
    }),
  )
})

test('a run has one start', () => {
  expect(() => groupSeries([series('1', 'a'), series('1', 'b', { startedAt: 1 })])).toThrow('two starts')
})
