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

it('tells no runtime and step where there is none', () => {
  expect(readSummary({ _runtime: -5, _step: 1.5 })).toEqual({ entries: new Map(), runtimeMs: null, lastStep: null })
})
