import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { fieldsOf } from '../proto.ts'
import { maskedCrc32c } from './crc32c.ts'
import { fromOldHistogram, fromTensor } from './histograms.ts'
import { Purges } from './purges.ts'
import { type RecordsEnd, readRecords } from './record-file.ts'

const directory = mkdtempSync(join(tmpdir(), 'kiroku-records-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const unmasked = (masked: number): number => {
  const rotated = (masked - 0xa282ead8) >>> 0
  return ((rotated >>> 17) | (rotated << 15)) >>> 0
}

describe('a checksum', () => {
  it('is CRC-32C, as RFC 3720 has it for these bytes', () => {
    expect(unmasked(maskedCrc32c(Buffer.from('123456789')))).toBe(0xe3069283)
    expect(unmasked(maskedCrc32c(new Uint8Array(32)))).toBe(0x8a9136aa)
    expect(unmasked(maskedCrc32c(new Uint8Array(32).fill(0xff)))).toBe(0x62a8ab43)
  })
})

function framed(data: Uint8Array): Buffer {
  const header = Buffer.alloc(12)
  header.writeBigUInt64LE(BigInt(data.length))
  header.writeUInt32LE(maskedCrc32c(header.subarray(0, 8)), 8)
  const footer = Buffer.alloc(4)
  footer.writeUInt32LE(maskedCrc32c(data))
  return Buffer.concat([header, data, footer])
}

async function readBack(
  bytes: Uint8Array,
  isChecked = false,
): Promise<{ records: Uint8Array[]; end: RecordsEnd | null }> {
  const path = join(directory, 'records')
  writeFileSync(path, bytes)
  const records: Uint8Array[] = []
  const reading = readRecords(path, { size: bytes.length, isChecked })
  for (;;) {
    const next = await reading.next()
    if (next.done) return { records, end: next.value }
    records.push(next.value.slice())
  }
}

describe('records', () => {
  it('come back as they were framed, whatever is cut off their end', async () => {
    const someRecords = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(someRecords, fc.nat(60), async (records, cut) => {
        const whole = records.map(framed)
        const bytes = Buffer.concat(whole)
        const kept = bytes.subarray(0, Math.max(0, bytes.length - cut))
        let at = 0
        const expected = records.filter((_, index) => {
          at += whole[index]?.length ?? 0
          return at <= kept.length
        })
        const length = Buffer.concat(expected.map(framed)).length
        const end = length < kept.length ? { kind: 'cut', at: length, bytes: kept.length - length } : null
        expect(await readBack(kept)).toEqual({ records: expected, end })
      }),
      { numRuns: 60 },
    )
  })

  it('larger than a piece of the file are whole', async () => {
    const large = new Uint8Array(3 * 1024 * 1024).map((_, index) => index % 251)
    const { records, end } = await readBack(Buffer.concat([framed(large), framed(Uint8Array.of(1))]))
    expect(end).toBeNull()
    expect(records.map(({ length }) => length)).toEqual([large.length, 1])
    expect(Buffer.compare(Buffer.from(records[0] ?? []), Buffer.from(large))).toBe(0)
  })

  it('end where a checksum is wrong', async () => {
    const bytes = Buffer.concat([
      framed(Buffer.from('first')),
      framed(Buffer.from('second')),
      framed(Buffer.from('third')),
    ])
    bytes.writeUInt8(bytes.readUInt8(35) ^ 1, 35)
    const { records, end } = await readBack(bytes)
    expect(records).toHaveLength(1)
    expect(end).toEqual({ kind: 'damaged', at: 21, bytes: bytes.length - 21 })
    expect((await readBack(bytes, true)).records).toHaveLength(3)
  })
})

describe('a message', () => {
  it('has varints of 64 bits with their sign', () => {
    const read = (...bytes: number[]): number[] =>
      [...fieldsOf(Uint8Array.of(0x10, ...bytes))].map(({ value }) => value)
    expect(read(0x00)).toEqual([0])
    expect(read(0xac, 0x02)).toEqual([300])
    expect(read(...new Array(9).fill(0xff), 0x01)).toEqual([-1])
    expect(read(0xfd, ...new Array(8).fill(0xff), 0x01)).toEqual([-3])
    expect(read(...new Array(7).fill(0xff), 0x0f)).toEqual([Number.MAX_SAFE_INTEGER])
    expect(() => read(0x80)).toThrow(RangeError)
    expect(() => [...fieldsOf(Uint8Array.of(0x0a, 5, 1))]).toThrow('longer than its message')
  })
})

describe('a restart', () => {
  const event = (step: number, more: Partial<Parameters<Purges['gather']>[1]> = {}) => ({
    ...{ step, fileVersion: null, isSessionStart: false, hasSummary: true, tags: ['a'] },
    ...more,
  })

  it('takes back what is at its step and beyond, and came before', () => {
    const purges = new Purges()
    const events = [
      event(0, { fileVersion: 'brain.Event:2', hasSummary: false, tags: [] }),
      ...[1, 2, 3, 4].map((step) => event(step)),
      event(3, { isSessionStart: true, tags: [] }),
      event(3),
      event(2),
    ]
    events.forEach((each, position) => {
      purges.gather(position, each)
    })
    purges.close()
    const kept = events.flatMap(({ step, tags }, position) =>
      tags.length > 0 && !purges.isTakenBack(position, step, 'a') ? [[position, step]] : [],
    )
    expect(kept).toEqual([
      [1, 1],
      [2, 2],
      [6, 3],
      [7, 2],
    ])
  })

  it('is a step backwards, for its own tags, in files of the first version', () => {
    const purges = new Purges()
    const events = [event(1), event(5, { tags: ['b'] }), event(6), event(3), event(4), event(5, { tags: ['b'] })]
    events.forEach((each, position) => {
      purges.gather(position, each)
    })
    purges.close()
    const kept = events.map(({ step, tags }, position) => !purges.isTakenBack(position, step, tags[0] ?? ''))
    expect(kept).toEqual([true, false, false, true, true, true])
  })
})

describe('a histogram', () => {
  it('of TensorFlow 1 is cut to its values', () => {
    const limits = [-1e10, -1, 0, 1, 2, Number.MAX_VALUE]
    expect(fromOldHistogram({ min: -0.5, max: 1.5, limits, counts: [0, 0, 2, 0, 3, 0] })).toEqual({
      _type: 'histogram',
      values: [2, 0, 3],
      bins: [-0.5, 0, 1, 1.5],
    })
    expect(fromOldHistogram({ min: 0, max: 0, limits: [1], counts: [0] })).toBeUndefined()
  })

  it('with too many bins has neighbours put together, and loses no value', () => {
    const rows = 1025
    const numbers = Array.from({ length: rows }, (_, row) => [row, row + 1, 1]).flat()
    const histogram = fromTensor({ shape: [rows, 3], numbers, strings: null })
    expect(histogram?.values.length).toBeLessThanOrEqual(512)
    expect(histogram?.values.reduce((sum, count) => sum + count, 0)).toBe(rows)
    expect(histogram?.bins.length).toBe((histogram?.values.length ?? 0) + 1)
    expect(histogram?.bins.at(-1)).toBe(rows)
    expect(fromTensor({ shape: [2], numbers: [1, 2], strings: null })).toBeUndefined()
  })
})
