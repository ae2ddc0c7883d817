import { fromWire } from '@kiroku/core/values'
import { expect, it } from 'vitest'
import { parseExtendedJson } from './extended-json.ts'
import { toText, toWireDocument, toWireValue } from './wire.ts'

it('tags numbers that JSON lacks, keeps digits that a double lacks, and doubles the $ of keys', () => {
  const value = toWireValue(
    parseExtendedJson('{"a":NaN,"$n":"NaN","big":9223372036854775807,"l":[Infinity,"NaN",null,true]}'),
  )
  expect(value).toEqual({
    a: { $n: 'NaN' },
    $$n: 'NaN',
    big: '9223372036854775807',
    l: [{ $n: 'Infinity' }, 'NaN', null, true],
  })
  expect(fromWire(value)).toEqual({
    a: Number.NaN,
    $n: 'NaN',
    big: '9223372036854775807',
    l: [Infinity, 'NaN', null, true],
  })
})

it('replaces characters that no store takes, in keys too', () => {
  expect(toWireDocument({ 'a\0': 'b\0\ud800' })).toEqual({ 'a\ufffd': 'b\ufffd\ufffd' })
})

it('keeps a word for what is nested too deeply', () => {
  const value = toWireValue(parseExtendedJson(`${'['.repeat(300)}${']'.repeat(300)}`))
  expect(JSON.stringify(value)).toBe(`${'['.repeat(32)}"[…]"${']'.repeat(32)}`)
})

it('cuts text, and no character in half', () => {
  expect(toText('ab😀', 3)).toBe('ab\ufffd')
  expect(toText(1, 3)).toBeUndefined()
})
