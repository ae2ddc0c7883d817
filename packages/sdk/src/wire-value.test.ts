import { describe, expect, it } from 'vitest'
import { toValue } from './wire-value.ts'

class Point {
  x = 1
  #hidden = 2
  get hidden(): number {
    return this.#hidden
  }
}

describe('toValue', () => {
  it.each<[unknown, unknown]>([
    [1.5, 1.5],
    [Number.NaN, Number.NaN],
    [true, true],
    [null, null],
    [undefined, undefined],
    [() => 1, undefined],
    [Symbol('s'), undefined],
    ['a\u0000b', 'a\ufffdb'],
    ['a\ud800b\udc00', 'a\ufffdb\ufffd'],
    ['\u{1f600}', '\u{1f600}'],
    [12n, 12],
    [2n ** 60n, '1152921504606846976'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new Date(Number.NaN), null],
    [new Float64Array([1, Number.POSITIVE_INFINITY]), [1, Number.POSITIVE_INFINITY]],
    [new BigInt64Array([3n]), [3]],
    [new DataView(new ArrayBuffer(1)), undefined],
    [
      [1, undefined, 'x'],
      [1, null, 'x'],
    ],
    [new Set(['a']), ['a']],
    [new Map([[1, { a: 2 }]]), { '1': { a: 2 } }],
    [new Error('no'), 'Error: no'],
    [new URL('http://a/'), 'http://a/'],
    [new Point(), { x: 1 }],
    [{ a: undefined, b: { c: 1n } }, { b: { c: 1 } }],
  ])('takes %s', (input, value) => {
    expect(toValue(input)).toEqual(value)
  })

  it('ends in a value that holds itself', () => {
    const loop: unknown[] = []
    loop.push(loop)
    expect(JSON.stringify(toValue(loop))).toContain('[')
  })

  it('takes a key named __proto__ for a key', () => {
    const value = toValue(JSON.parse('{"__proto__": {"polluted": 1}}'))
    expect(JSON.stringify(value)).toBe('{"__proto__":{"polluted":1}}')
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })
})
