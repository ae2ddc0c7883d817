import { expect, test } from 'vitest'
import { examplesFor, sqlName, sqlText } from './examples.ts'
import { chartOf } from './result-chart.ts'

const column = (name: string, type: string) => ({ name, type })

test('a result is drawn over its step, a line for each text and number', () => {
  const columns = [column('run', 'String'), column('step', 'Int64'), column('loss', 'Float64')]
  const rows = [
    ['a', '2', 1],
    ['a', '1', { $n: 'NaN' }],
    ['b', '1', 3],
    ['b', '2', null],
  ]
  const chart = chartOf({ columns, rows })
  expect(chart?.axis).toEqual({ kind: 'metric', name: 'step' })
  expect(chart?.looks.map(({ name }) => name)).toEqual(['a', 'b'])
  expect(chart?.answer.series.map(({ columns }) => [[...columns.x], [...columns.y]])).toEqual([
    [
      [1, 2],
      [Number.NaN, 1],
    ],
    [[1], [3]],
  ])
})

test('times are read as UTC', () => {
  const columns = [column('time', "DateTime64(3, 'UTC')"), column('n', 'UInt64')]
  const chart = chartOf({
    columns,
    rows: [
      ['1970-01-01 00:00:01.500', '1'],
      ['1970-01-01 00:00:02.000', '2'],
    ],
  })
  expect(chart?.answer.range).toEqual({ from: 1500, to: 2000 })
})

test.each([
  [
    [column('run', 'String'), column('best', 'Float64')],
    [
      ['a', 1],
      ['b', 2],
    ],
  ],
  [[column('n', 'UInt64')], [['1'], ['2']]],
  [[column('step', 'Int64'), column('v', 'Float64')], [['1', 1]]],
  [
    [column('step', 'Int64'), column('v', 'Float64')],
    [
      ['1', 1],
      ['1', 2],
    ],
  ],
])('what makes no line is not drawn: %j', (columns, rows) => {
  expect(chartOf({ columns, rows })).toBeNull()
})

test('more lines than can be told apart are counted', () => {
  const rows = Array.from({ length: 240 }, (_, index) => [`run ${index % 120}`, index, index])
  const columns = [column('run', 'String'), column('step', 'UInt32'), column('v', 'Float64')]
  expect(chartOf({ columns, rows })).toMatchObject({ leftOut: 20 })
})

test('names and texts are written as SQL', () => {
  expect(sqlText("it's \\")).toBe("'it\\'s \\\\'")
  expect([sqlName('config.lr'), sqlName('summary.val/loss')]).toEqual(['config.lr', '`summary.val/loss`'])
})

test('examples use what the project has', () => {
  const queries = examplesFor([], [{ name: 'config.model-size', type: 'Nullable(Float64)' }]).map(({ query }) => query)
  expect(queries.join('\n')).toContain('r.`config.model-size`')
})
