import { expect, it } from 'vitest'
import { parseExtendedRecord } from './extended-json.ts'
import { readSummary } from './run-summary.ts'

it('opens what is nested, and leaves aggregates and media whole', () => {
  const text =
    '{"loss":{"min":1,"max":3},"nest":{"min":1,"y":{"z":NaN}},"img":{"_type":"image-file"},"none":null,"s":"x",' +
    '"_step":4,"_runtime":1.5,"_timestamp":1,"_wandb":{"runtime":7}}'
  expect(readSummary(parseExtendedRecord(text), [{ name: 'l*', summary: ['min', 'max'] }])).toEqual({
    entries: new Map<string, unknown>([
      ['loss', { min: 1, max: 3 }],
      ['nest.min', 1],
      ['nest.y.z', Number.NaN],
      ['img', { _type: 'image-file' }],
      ['s', 'x'],
    ]),
    runtimeMs: 7000,
    lastStep: 4,
  })
})

it('opens aggregates that no definition asks for', () => {
  expect([...readSummary({ loss: { min: 1, max: 3 } }).entries.keys()]).toEqual(['loss.min', 'loss.max'])
})

it.each([
  ['before', { 'a.b': 1, 'a.c.d': 1, 'a.img': { _type: 'x', n: 1 } }, {}],
  ['after', {}, { 'a.b': 1, 'a.c.d': 1, 'a.img': { _type: 'x', n: 1 } }],
])('takes the nested one of two spellings of a name, with the flat one %s it', (_where, before, after) => {
  const nested = { b: 2, 'c.d': 2, c: { d: 3 }, img: { _type: 'x', n: 2 } }
  const { entries } = readSummary({ ...before, a: nested, ...after })
  expect(Object.fromEntries(entries)).toEqual({ 'a.b': 2, 'a.c.d': 3, 'a.img': { _type: 'x', n: 2 } })
})

it('tells no runtime and step where there is none', () => {
  expect(readSummary({ _runtime: -5, _step: 1.5 })).toEqual({ entries: new Map(), runtimeMs: null, lastStep: null })
})
