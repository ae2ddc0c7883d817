import fc from 'fast-check'
import { expect, test } from 'vitest'
import { groupBands, groupFigures } from '../chart/prepare-groups.ts'
import {
  chartOf,
  defaultView,
  formatView,
  parseView,
  plainChart,
  runTabs,
  type View,
  withAxis,
  withChart,
} from './view.ts'

const name = fc.string({ minLength: 1, maxLength: 20 })
const names = fc.uniqueArray(name, { maxLength: 4 })
const axis = fc.oneof(
  fc.constantFrom(
    { kind: 'bound' as const },
    { kind: 'step' as const },
    { kind: 'time' as const },
    { kind: 'relative' as const },
  ),
  fc.record({ kind: fc.constant('metric' as const), name }),
)
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
const chart = fc.record({
  x: fc.option(axis),
  isLog: fc.boolean(),
  range: fc.option(
    fc
      .tuple(finite, finite)
      .filter(([from, to]) => from < to)
      .map(([from, to]) => ({ from, to })),
  ),
})
const view: fc.Arbitrary<View> = fc.record({
  search: fc.string(),
  tags: names,
  states: fc.uniqueArray(fc.constantFrom('running' as const, 'failed' as const, 'crashed' as const)),
  filters: fc.array(
    fc.record({
      column: name.map((key) => `config.${key}`),
      test: fc.constantFrom('is' as const, 'isNot' as const),
      value: fc.string(),
    }),
    { maxLength: 3 },
  ),
  drawn: fc.integer({ min: 1, max: 2000 }),
  hidden: names,
  shown: names,
  x: axis,
  smoothing: fc.double({ min: 0, max: 0.99, noNaN: true }),
  find: fc.string(),
  groupBy: fc.option(name),
  figure: fc.constantFrom(...groupFigures),
  band: fc.constantFrom(...groupBands),
  toggled: names,
  charts: fc
    .dictionary(name, chart, { noNullPrototype: true })
    .map((charts) =>
      Object.fromEntries(Object.entries(charts).filter(([, one]) => one.x !== null || one.isLog || one.range !== null)),
    ),
  panel: fc.option(name),
  isListFolded: fc.boolean(),
  sort: fc.option(fc.record({ column: name, isDescending: fc.boolean() })),
  columns: fc.option(names),
  tab: fc.constantFrom(...runTabs),
  lines: fc.string(),
  writer: fc.option(fc.string()),
  file: fc.string(),
  steps: fc.dictionary(
    name,
    fc.maxSafeInteger().map((step) => step + 0),
    { noNullPrototype: true },
  ),
})

test('an address says everything about a view', () => {
  fc.assert(
    fc.property(view, (given) => {
      expect(parseView(new URLSearchParams(formatView(given).toString()))).toEqual(given)
    }),
  )
})

test('the default view has an empty address', () => {
  expect(formatView(defaultView).toString()).toBe('')
  expect(parseView(new URLSearchParams())).toEqual(defaultView)
})

test('what an address says wrongly is as by default', () => {
  const params = new URLSearchParams(
    'drawn=-3&smooth=7&x=nonsense&state=asleep&chart.loss=9..2;x=&chart.other=&tab=moon&step.a=x&step.b=',
  )
  expect(parseView(params)).toEqual(defaultView)
})

test('a chart can be changed and changed back', () => {
  const zoomed = withChart(defaultView, 'train/loss', { range: { from: -1.5, to: 1e21 } })
  expect(formatView(zoomed).get('chart.train/loss')).toBe('-1.5..1e+21')
  expect(formatView(withChart(zoomed, 'train/loss', plainChart)).toString()).toBe('')
})

test('another x for all charts ends the zoom of those that follow it, and of no other', () => {
  const range = { from: 1, to: 2 }
  const own = withChart(defaultView, 'own', { range, x: { kind: 'step' } })
  const view = withAxis(withChart(own, 'following', { range, isLog: true }), { kind: 'time' })
  expect(view.x).toEqual({ kind: 'time' })
  expect(view.charts['own']?.range).toEqual(range)
  expect(view.charts['following']).toEqual({ x: null, isLog: true, range: null })
})

test('a chart may be called as what every object has', () => {
  for (const key of ['constructor', 'toString', '__proto__']) {
    expect(chartOf(defaultView, key)).toEqual(plainChart)
    const view = withChart(defaultView, key, { isLog: true })
    expect(chartOf(view, key)).toEqual({ ...plainChart, isLog: true })
    expect(chartOf(parseView(formatView(view)), key)).toEqual({ ...plainChart, isLog: true })
    expect(chartOf(withAxis(view, { kind: 'step' }), key).isLog).toBe(true)
  }
})
