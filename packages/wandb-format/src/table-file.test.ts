import { tableContentSchema } from '@kiroku/core/media'
import { expect, it } from 'vitest'
import { readTableFile } from './table-file.ts'

it('leaves a table as it is where it is what Kiroku has', () => {
  const text = '{"columns": ["a", "b"], "data": [[1, "x"], [null, {"_type": "image-file"}]]}'
  const { content, isSame, cutRows } = readTableFile(text)
  expect(content).toEqual({
    columns: ['a', 'b'],
    data: [
      [1, 'x'],
      [null, { _type: 'image-file' }],
    ],
  })
  expect([isSame, cutRows]).toEqual([true, 0])
})

it.each([
  ['{"columns":["a"],"data":[[NaN]]}', { columns: ['a'], data: [[{ $n: 'NaN' }]] }],
  ['{"columns":[0,1],"data":[[1,2]]}', { columns: ['0', '1'], data: [[1, 2]] }],
  ['{"columns":["a"],"data":[[9007199254740993]]}', { columns: ['a'], data: [['9007199254740993']] }],
  ['{"columns":["a"],"data":[[{"$x":1}]]}', { columns: ['a'], data: [[{ $$x: 1 }]] }],
])('needs a copy of %s', (text, content) => {
  expect(readTableFile(text)).toMatchObject({ content, isSame: false })
  expect(tableContentSchema.safeParse(content).success).toBe(true)
})

it('cuts what is too long and says so', () => {
  const rows = Array.from({ length: 10_002 }, (_, index) => [index])
  const read = readTableFile(JSON.stringify({ columns: ['a'], data: rows }))
  expect([read.content.data.length, read.cutRows, read.isSame]).toEqual([10_000, 2, false])
})

it('refuses what is no table', () => expect(() => readTableFile('<html>')).toThrow('not JSON'))
