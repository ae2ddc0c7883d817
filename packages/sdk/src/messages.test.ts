import { describe, expect, it } from 'vitest'
import { endTable, shortBytes } from './messages.ts'

describe('endTable', () => {
  it('shows ten lines of each, sorted, and says how many more there are', () => {
    const names = Array.from({ length: 12 }, (_, index) => `m${String(index).padStart(2, '0')}`).reverse()
    const courses = new Map(names.map((name) => [name, [1, 2]]))
    const summary = Object.fromEntries(names.map((name) => [name, 1]))
    const lines = endTable(courses, summary)
    expect(lines.slice(0, 4)).toEqual(['', 'Run history:', '  m00 ▁█', '  m01 ▁█'])
    expect(lines.filter((line) => line === '  +2 ...')).toHaveLength(2)
    expect(lines).toHaveLength(2 * 13)
  })

  it('rounds numbers, shortens texts, and leaves out lists and what begins with an underscore', () => {
    const summary = {
      a: 0.123456789,
      b: 'a text of more than twenty characters',
      c: [1],
      d: { min: 1, max: Number.NaN },
      e: 1e-9,
      f: true,
      g: null,
      _h: 1,
    }
    expect(endTable(new Map([['_x', [1]]]), summary)).toEqual([
      '',
      'Run summary:',
      '  a 0.12346',
      '  b a text of more than ...',
      '  d min 1, max NaN',
      '  e 1.000e-9',
      '  f true',
    ])
  })

  it('shows nothing of a run without anything', () => {
    expect(endTable(new Map(), {})).toEqual([])
  })
})

describe('shortBytes', () => {
  it.each([
    [512, '512 B'],
    [2048, '2 KiB'],
    [5 * 1024 * 1024, '5.0 MiB'],
  ])('%i is %s', (bytes, text) => {
    expect(shortBytes(bytes)).toBe(text)
  })
})
