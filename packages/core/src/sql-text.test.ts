import { expect, test } from 'vitest'
import { isNumericType, lineAndColumn, sqlCellText, sqlCsv, sqlObjects } from './sql-text.ts'

const column = (name: string) => ({ name, type: 'String' })

test('CSV quotes what it must and keeps numbers that JSON has no word for', () => {
  const rows = [
    ['a,"b"', { $n: 'NaN' }, null],
    ['line\nbreak', { $n: '-Infinity' }, [1, { $n: 'Infinity' }]],
    ['', -0, { k: 'v' }],
  ]
  expect(sqlCsv({ columns: [column('x'), column('y'), column('z')], rows })).toBe(
    'x,y,z\r\n"a,""b""",NaN,\r\n"line\nbreak",-Infinity,"[1,{""$n"":""Infinity""}]"\r\n,-0,"{""k"":""v""}"\r\n',
  )
})

test('objects keep columns of one name apart', () => {
  expect(sqlObjects({ columns: [column('n'), column('n')], rows: [[1, 2]] })).toEqual([{ n: 1, n_2: 2 }])
})

test.each([
  ['UInt64', true],
  ['Nullable(Float64)', true],
  ['LowCardinality(Nullable(Int8))', true],
  ["DateTime64(3, 'UTC')", false],
  ['Array(Float64)', false],
  ['LowCardinality(String)', false],
])('%s is numeric: %s', (type, expected) => {
  expect(isNumericType(type)).toBe(expected)
})

test('truth values and places', () => {
  expect(sqlCellText(true)).toBe('true')
  expect(lineAndColumn('ab\ncd', 4)).toEqual({ line: 2, column: 2 })
})
