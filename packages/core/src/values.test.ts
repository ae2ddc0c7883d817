import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { flatten, fromWire, fromWireRecord, toWire, toWireRecord, type Value, wireValueSchema } from './values.ts'

const { value: anyValue } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.double(),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$n', '$$n', '$', 'a.b')), tie('value'), { maxKeys: 4 }),
  ),
}))

describe('wire form', () => {
  it('carries every value through JSON, NaN and the infinities included', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const wire: unknown = JSON.parse(JSON.stringify(toWire(value)))
        // JSON has one zero only.
        expect(fromWire(wireValueSchema.parse(wire))).toEqual(withoutNegativeZero(value))
      }),
    )
  })

  it('keeps a number apart from a user record that looks like one', () => {
    expect(toWire(Number.NaN)).toEqual({ $n: 'NaN' })
    expect(toWire({ $n: 'NaN' })).toEqual({ $$n: 'NaN' })
    expect(fromWire(toWire({ $n: 'NaN' }))).toEqual({ $n: 'NaN' })
    expect(fromWireRecord(toWireRecord({ a: Number.NEGATIVE_INFINITY, $b: 'x' }))).toEqual({
      a: Number.NEGATIVE_INFINITY,
      $b: 'x',
    })
  })
})

function withoutNegativeZero(value: Value): Value {
  if (Object.is(value, -0)) return 0
  if (Array.isArray(value)) return value.map(withoutNegativeZero)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutNegativeZero(inner)]))
}

describe('flatten', () => {
  it('opens records into dotted keys, leaves arrays whole and gives nothing for an empty record', () => {
    expect(flatten({ a: { b: 1, c: { d: [1, 2] } }, 'e.f': 2, g: {} }, (leaf) => leaf)).toEqual({
      'a.b': 1,
      'a.c.d': [1, 2],
      'e.f': 2,
    })
  })

  it('lets the later of two spellings of one metric stand', () => {
    expect(flatten({ 'a.b': 1, a: { b: 2 } }, (leaf) => leaf)).toEqual({ 'a.b': 2 })
  })

  it('leaves circles, and what is nested very deep, to the leaf', () => {
    const circle: Record<string, unknown> = { n: 1 }
    circle['self'] = circle
    expect(flatten({ a: circle, b: circle }, (leaf) => (leaf === circle ? 'circle' : leaf))).toEqual({
      ...{ 'a.n': 1, 'a.self': 'circle' },
      ...{ 'b.n': 1, 'b.self': 'circle' },
    })
    let deep: Record<string, unknown> = {}
    for (let depth = 0; depth < 100_000; depth++) deep = { d: deep }
    expect(Object.keys(flatten(deep, () => 1))).toEqual([Array(32).fill('d').join('.')])
  })

  it('does not open class instances', () => {
    const date = new Date(0)
    expect(flatten({ date }, (leaf) => leaf)).toEqual({ date })
  })
})
