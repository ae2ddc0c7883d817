import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Column,
  decodeFrame,
  encodeFrame,
  encodeFrameParts,
  float64Column,
  headerBytesOf,
  joinParts,
  uint32Column,
} from './frames.ts'

const float64 = fc.float64Array({ maxLength: 20 }).map((column): Column => new Float64Array(column))
const uint32 = fc.uint32Array({ maxLength: 20 }).map((column): Column => new Uint32Array(column))
const columns = fc.array(fc.oneof(float64, uint32), { maxLength: 6 })

const bits = (column: Column): number[] => [...new Uint8Array(column.buffer, column.byteOffset, column.byteLength)]

describe('frames', () => {
  it('carry any columns bit for bit, from any offset of a buffer', () => {
    fc.assert(
      fc.property(fc.jsonValue(), columns, fc.nat({ max: 16 }), (header, sent, offset) => {
        const bytes = encodeFrame(header, sent)
        const shifted = new Uint8Array(bytes.length + offset)
        shifted.set(bytes, offset)
        const frame = decodeFrame(shifted.subarray(offset))
        expect(frame.header).toEqual(JSON.parse(JSON.stringify(header)))
        expect(frame.columns.map(bits)).toEqual(sent.map(bits))
        expect(frame.columns.map((column) => column.constructor)).toEqual(sent.map((column) => column.constructor))
      }),
    )
  })

  it('carry columns of one buffer, side by side and apart, in as few parts as there are stretches', () => {
    const all = Float64Array.from({ length: 100 }, (_, index) => index)
    const sent = [
      all.subarray(3, 10),
      all.subarray(10, 20),
      all.subarray(20, 20),
      all.subarray(20, 21),
      all.subarray(5, 9),
    ]
    const parts = encodeFrameParts({}, sent)
    expect(parts.map(({ byteLength }) => byteLength / 8).slice(1)).toEqual([18, 4])
    expect(decodeFrame(joinParts(parts)).columns.map(bits)).toEqual(sent.map(bits))
  })

  it('tell how long their header is, before anything is decoded', () => {
    const header = { text: 'x'.repeat(1000) }
    const length = JSON.stringify(header).length
    const bytes = encodeFrame(header, [new Float64Array(1000)])
    expect(headerBytesOf(bytes)).toBeGreaterThanOrEqual(length)
    expect(headerBytesOf(bytes)).toBeLessThan(length + 8)
    expect(headerBytesOf(bytes.subarray(0, 3))).toBe(3)
    expect(headerBytesOf(new Uint8Array(100).fill(255))).toBe(100)
  })

  it('keep NaN payloads, both zeros and the infinities', () => {
    const column = new Float64Array([Number.NaN, -0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324])
    new DataView(column.buffer).setBigUint64(0, 0x7ff8000000000001n, true)
    const [back] = decodeFrame(encodeFrame({}, [column])).columns
    expect(back && bits(back)).toEqual(bits(column))
  })

  it('refuse every cut and never throw anything but a KirokuError', () => {
    const bytes = encodeFrame({ a: 1 }, [new Float64Array([1, 2]), new Uint32Array([3])])
    for (let length = 0; length < bytes.length - 4; length++) {
      expect(() => decodeFrame(bytes.subarray(0, length))).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: bytes.length - 1 }), (noise, at) => {
        const broken = bytes.slice()
        broken.set(noise.subarray(0, broken.length - at), at)
        try {
          decodeFrame(broken)
        } catch (error) {
          expect(error).toMatchObject({ name: 'KirokuError', code: 'BAD_REQUEST' })
        }
      }),
    )
  })

  it('say which column is not as it should be', () => {
    const frame = decodeFrame(encodeFrame({}, [new Float64Array(2)]))
    expect(() => float64Column(frame, 0, 3)).toThrow('column 0 must be 3 float64 values')
    expect(() => uint32Column(frame, 0, 2)).toThrow('column 0 must be 2 uint32 values')
    expect(() => float64Column(frame, 1, 2)).toThrow('column 1')
  })
})
