import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ExtendedValue, isExtendedRecord, parseExtendedJson, parseExtendedRecord } from './extended-json.ts'

/** Integers that are kept exactly, as `JSON.parse` has them. */
function rounded(value: ExtendedValue): ExtendedValue {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(rounded)
  if (!isExtendedRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rounded(item)]))
}

describe('parseExtendedJson', () => {
  it.each<[string, ExtendedValue]>([
    [
      '{"a":NaN,"b":Infinity,"c":-Infinity}',
      { a: Number.NaN, b: Number.POSITIVE_INFINITY, c: Number.NEGATIVE_INFINITY },
    ],
    ['[NaN, 1.795e+09, 1e+20, -0.5e-3, 0]', [Number.NaN, 1_795_000_000, 1e20, -0.0005, 0]],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['-9223372036854775807', -9_223_372_036_854_775_807n],
    ['1152921504606846976', 2 ** 60],
    [`1${'0'.repeat(400)}`, 10n ** 400n],
    ['9007199254740991', 9_007_199_254_740_991],
    ['12345678901234567890e2', 1.234_567_890_123_456_8e21],
    ['{"NaN":"NaN Infinity","x":NaN}', { NaN: 'NaN Infinity', x: Number.NaN }],
    ['{"a":"\\"NaN\\\\","b":NaN}', { a: '"NaN\\', b: Number.NaN }],
    ['{"a":"-Infinity, [NaN]"}', { a: '-Infinity, [NaN]' }],
    [' { "a" : [ NaN , { } , [ ] , true , false , null ] } ', { a: [Number.NaN, {}, [], true, false, null] }],
    ['"1234567890123456789"', '1234567890123456789'],
    ['NaN', Number.NaN],
  ])('reads %s', (text, value) => expect(parseExtendedJson(text)).toEqual(value))

  it.each([
    '',
    '{',
    '[NaN',
    '[NaN,]',
    '{"a":NaN,}',
    'NaN NaN',
    '{a:NaN}',
    '[Nan]',
    '"NaN',
    '[+NaN]',
    '[01, NaN]',
    '["\n", NaN]',
    'nope',
    '[-NaN]',
    '[1,',
    '{"a" NaN}',
  ])('refuses %j', (text) => expect(() => parseExtendedJson(text)).toThrow(/^not JSON: /))

  it('has no value that becomes a prototype', () => {
    const value = parseExtendedRecord('{"__proto__":{"x":NaN}}')
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  })

  it('refuses what is nested without end', () => {
    expect(() => parseExtendedJson(`${'['.repeat(100_000)}NaN`)).toThrow('nested')
  })

  it('agrees with JSON.parse on all JSON, whatever its own parser has to read', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(rounded(parseExtendedJson(`[${text}, NaN]`))).toEqual([JSON.parse(text), Number.NaN])
      }),
    )
  })

  it('says where it stopped', () => {
    expect(() => parseExtendedJson('{"a":NaN,"b":nul}')).toThrow('unexpected "n" at character 13')
  })
})

it('takes only a record for a record', () => {
  expect(() => parseExtendedRecord('[1]')).toThrow('expected a record')
  expect(() => parseExtendedRecord('null')).toThrow('expected a record')
})
