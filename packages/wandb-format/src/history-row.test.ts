import { expect, it } from 'vitest'
import { parseExtendedRecord } from './extended-json.ts'
import { readHistoryRow } from './history-row.ts'

const read = (text: string) => readHistoryRow(parseExtendedRecord(text))

it('reads a row as the client sends it', () => {
  const row = read(
    '{"loss":0.5,"epoch":1,"nest":{"x":1,"y":{"z":2}},"a.b":4,"bad":NaN,"inf":-Infinity,"none":null,"str":"s","flag":true,' +
      '"list":[1,2,NaN],"big":1152921504606846977,"_step":7,"_runtime":0.323046923,"_timestamp":1.795440453386022e+09}',
  )
  expect(row).toEqual({
    step: 7,
    time: 1_795_440_453_386,
    runtimeMs: 323,
    numbers: new Map([
      ['loss', 0.5],
      ['epoch', 1],
      ['nest.x', 1],
      ['nest.y.z', 2],
      ['a.b', 4],
      ['bad', Number.NaN],
      ['inf', Number.NEGATIVE_INFINITY],
      ['big', 2 ** 60],
    ]),
    texts: new Map<string, unknown>([
      ['none', null],
      ['str', 's'],
      ['flag', true],
      ['list', [1, 2, { $n: 'NaN' }]],
    ]),
    media: new Map(),
    refused: [],
  })
})

it('keeps media whole, also inside of records', () => {
  const { media, numbers, texts } = read('{"a":{"img":{"_type":"image-file","width":1},"n":1},"t":{"_type":5}}')
  expect([...media]).toEqual([['a.img', { _type: 'image-file', width: 1 }]])
  expect([...numbers]).toEqual([
    ['a.n', 1],
    ['t._type', 5],
  ])
  expect(texts.size).toBe(0)
})

it('lets the later of two spellings stand, whatever kind it is', () => {
  const { numbers, texts, media } = read('{"a.b":1,"a":{"b":"x"},"c":"y","c":{"_type":"z"}}')
  expect([[...numbers], [...texts], [...media.keys()]]).toEqual([[], [['a.b', 'x']], ['c']])
})

it.each([
  ['{"_step":1.5}', null],
  ['{"_step":"1"}', null],
  ['{}', null],
  ['{"_step":NaN}', null],
  ['{"_step":9223372036854775807}', null],
  ['{"_step":0}', 0],
  ['{"_step":-3}', -3],
])('reads the step of %s', (text, step) => expect(read(text).step).toBe(step))

it('does not believe runtimes and times that cannot be', () => {
  expect(read('{"_runtime":-8.4e9,"_timestamp":NaN}')).toMatchObject({ runtimeMs: null, time: null })
  expect(read('{"_runtime":Infinity,"_timestamp":1e300}')).toMatchObject({ runtimeMs: null, time: null })
})

it('refuses names that cannot be stored, by name', () => {
  const { refused, numbers } = read(`{"":1,"${'k'.repeat(513)}":2,"ok":3}`)
  expect(refused.map(({ reason }) => reason)).toEqual([
    'a metric name must not be empty',
    'a metric name has at most 512 characters',
  ])
  expect([...numbers]).toEqual([['ok', 3]])
})

it('opens an empty record to nothing', () => expect(read('{"a":{}}')).toMatchObject({ refused: [], texts: new Map() }))
