import fc from 'fast-check'
import { expect, test } from 'vitest'
import { arraysOf, decodeNative, encodeNative, numbersOf, packedOf, stringsOf } from './native-format.ts'

const bits = (array: Float64Array): string =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('hex')

test('columns come back as they went in, bit for bit', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          id: fc.uuid(),
          name: fc.string({ unit: 'grapheme' }),
          pieces: fc.float64Array({ maxLength: 40 }),
          value: fc.double(),
          version: fc.maxSafeNat(),
        }),
        { maxLength: 300 },
      ),
      (rows) => {
        const bytes = Buffer.concat(
          encodeNative(rows.length, [
            { name: 'id', type: 'UUID', values: rows.map(({ id }) => id) },
            { name: 'name', type: 'String', values: rows.map(({ name }) => name) },
            { name: 'pieces', type: 'Array(Float64)', pieces: rows.map(({ pieces }) => pieces) },
            { name: 'value', type: 'Float64', values: rows.map(({ value }) => value) },
            { name: 'version', type: 'UInt64', values: rows.map(({ version }) => version) },
          ]),
        )
        const [block, ...others] = decodeNative(bytes)
        if (!block) throw new Error('no block came back')
        expect(others).toEqual([])
        expect(stringsOf(block, 'id')).toEqual(rows.map(({ id }) => id))
        expect(stringsOf(block, 'name')).toEqual(rows.map(({ name }) => name))
        expect(arraysOf(block, 'pieces').map(bits)).toEqual(rows.map(({ pieces }) => bits(pieces)))
        expect(bits(numbersOf(block, 'value'))).toBe(bits(Float64Array.from(rows, ({ value }) => value)))
        expect([...numbersOf(block, 'version')]).toEqual(rows.map(({ version }) => version))
      },
    ),
  )
})

test('an answer that is cut short is refused', () => {
  const bytes = Buffer.concat(encodeNative(2, [{ name: 'value', type: 'Float64', values: [1, 2] }]))
  for (let length = 1; length < bytes.length; length++) {
    expect(() => decodeNative(bytes.subarray(0, length))).toThrow('it is cut short')
  }
})

test('whole numbers with a sign come as their bits', () => {
  const values = [0, -1, 2 ** 40, -(2 ** 53 - 1)]
  const [block] = decodeNative(Buffer.concat(encodeNative(4, [{ name: 'hash', type: 'Int64', values }])))
  if (!block) throw new Error('no block came back')
  const { bytes } = packedOf(block, 'hash')
  expect(values.map((_, row) => Number(bytes.getBigInt64(row * 8, true)))).toEqual(values)
})
