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
    const loop: unknown[] = [1]
    loop.push(loop, { loop })
    expect(toValue(loop)).toEqual([1, null, { loop: null }])
  })

  it('ends where everything holds everything', () => {
    class Layer {
      others: Layer[] = []
    }
    const layers = Array.from({ length: 30 }, () => new Layer())
    for (const layer of layers) layer.others = [...layers]
    expect(() => toValue(layers)).toThrow(/more than 250000 records/)
  })

  it('names what is nested too deeply', () => {
    let deep: unknown = Object.create(null)
    for (let level = 0; level < 40_000; level++) deep = level % 2 ? [deep] : { deep }
    expect(JSON.stringify([toValue(deep), toValue([deep])])).toMatch(/"\[…\]".*"\[object Object\]"/)
  })

  it('keeps one object wherever it is held', () => {
    const shared = { a: 1 }
    expect(toValue([shared, shared])).toEqual([shared, shared])
  })

  it('takes a key named __proto__ for a key', () => {
    const value = toValue(JSON.parse('{"__proto__": {"polluted": 1}}'))
    expect(JSON.stringify(value)).toBe('{"__proto__":{"polluted":1}}')
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })
})
