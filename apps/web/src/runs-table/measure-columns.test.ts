import fc from 'fast-check'
import { expect, test } from 'vitest'
import { measureColumns, measureId, measureLabel, parseMeasureId } from './measure-columns.ts'

const metric = fc.constantFrom('val/acc', 'a:b', 'loss.min', 'x')
const measure = fc.oneof(
  fc.record({ kind: fc.constant('best' as const), metric, goal: fc.constantFrom('min', 'max') }),
  fc.record({
    kind: fc.constant('target' as const),
    metric,
    direction: fc.constantFrom('atLeast', 'atMost'),
    target: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  }),
  fc.record({ kind: fc.constant('last' as const), metric, count: fc.integer({ min: 1, max: 10_000 }) }),
)

test('a column says which measure it is', () => {
  fc.assert(
    fc.property(measure, (given) => {
      expect(parseMeasureId(measureId(given))).toEqual(given)
    }),
  )
})

test('other columns are none', () => {
  const others = ['summary.best', 'measure.best:most:loss', 'measure.last:0:loss', 'measure.atLeast:x:loss', 'measure.']
  expect(measureColumns(others)).toEqual([])
  expect(measureColumns(null)).toEqual([])
})

test('a measure is called by what it is', () => {
  expect(measureLabel({ kind: 'best', metric: 'val/acc', goal: 'max' })).toBe('highest val/acc')
  expect(measureLabel({ kind: 'target', metric: 'val/acc', direction: 'atLeast', target: 0.9 })).toBe(
    'steps to val/acc ≥ 0.9',
  )
  expect(measureLabel({ kind: 'last', metric: 'loss', count: 10 })).toBe('last 10 mean loss')
})
