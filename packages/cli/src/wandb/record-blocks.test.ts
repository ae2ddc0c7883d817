import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logOf } from '../../test/wandb-log.ts'
import { blockBytes, type Damage, fileHeader, RecordBlocks } from './record-blocks.ts'

/** A record by its length and sum, which are quick to compare. */
const told = (record: Uint8Array): string => `${record.length} ${crc32(record)}`

type Read = { records: string[]; damage: Damage | null; cutBytes: number }

function read(file: Uint8Array): Read {
  const blocks = new RecordBlocks()
  const records: string[] = []
  for (let at = 0; at < file.length; at += blockBytes) {
    const skipped = at === 0 ? fileHeader.length : 0
    const block = file.subarray(at + skipped, at + blockBytes)
    for (const record of blocks.records(block, at + skipped)) records.push(told(record))
  }
  blocks.end()
  return { records, damage: blocks.damage, cutBytes: blocks.cutBytes }
}

const bytes = (length: number, seed: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, index) => (index * 31 + seed * 7) % 251))
/** Records of every kind of length: empty, that fill a block to the last byte and all but, over several blocks. */
const lengths = [0, 5, 300, 32_768 - 7 - 7 - 326, 0, 1, 32_754, 32_755, 100_000, 7, 65_536, 3]
const written = lengths.map(bytes)
const records = written.map(told)

describe('a log of records', () => {
  it('is read as it was written', () => {
    expect(read(logOf(written))).toEqual({ records, damage: null, cutBytes: 0 })
    expect(read(logOf([]))).toEqual({ records: [], damage: null, cutBytes: 0 })
  })

  it('is read as it was written, whatever it holds', () => {
    const some = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 50 }),
        fc.nat(70_000).map((length) => bytes(length, 1)),
      ),
    )
    fc.assert(
      fc.property(some, (any) => {
        expect(read(logOf(any))).toEqual({
          records: any.map(told),
          damage: null,
          cutBytes: 0,
        })
      }),
      { numRuns: 30 },
    )
  })

  it('gives all whole records of a file that ends anywhere, and takes it for no damage', () => {
    const small = [bytes(0, 1), bytes(20, 2), bytes(40, 3)]
    const whole = logOf(small)
    const ends = [7, 14, 14 + 27, 14 + 27 + 47]
    for (let size = fileHeader.length; size <= whole.length; size++) {
      const count = ends.findLastIndex((end) => end <= size)
      const cutBytes = size - (ends[count] ?? 0)
      expect(read(whole.subarray(0, size))).toEqual({
        records: small.slice(0, count).map(told),
        damage: null,
        cutBytes,
      })
    }
  })

  it('gives all whole records of a file of several blocks that ends anywhere', () => {
    const whole = logOf(written)
    for (let size = 32_700; size < whole.length; size += 97) {
      const part = read(whole.subarray(0, size))
      expect(part.records).toEqual(records.slice(0, part.records.length))
      expect(part.damage).toBeNull()
    }
  })

  it('goes on after a flipped bit, and says what it left out', () => {
    const whole = logOf(written)
    for (let at = fileHeader.length; at < whole.length; at += 509) {
      const file = Buffer.from(whole)
      file[at] = (file[at] ?? 0) ^ (1 << (at % 8))
      const part = read(file)
      const isPadding = part.damage === null && part.cutBytes === 0
      if (isPadding) expect(part.records).toEqual(records)
      else {
        expect(part.records.length).toBeLessThan(records.length)
        // Every record is one that was written, in the order in which they were.
        let from = 0
        for (const record of part.records) {
          const found = records.findIndex((one, index) => index >= from && one === record)
          expect(found).toBeGreaterThanOrEqual(from)
          from = found + 1
        }
      }
    }
  })

  it('finds the records of later blocks after a block that is gone', () => {
    const many = Array.from({ length: 400 }, (_, index) => bytes(500, index))
    const file = logOf(many)
    file.fill(0xff, blockBytes, 2 * blockBytes)
    const { records: found, damage } = read(file)
    expect(found.length).toBeGreaterThan(300)
    expect(found.at(-1)).toBe(told(bytes(500, 399)))
    expect(damage).toMatchObject({ count: 1, bytes: expect.any(Number) })
    expect(damage?.bytes).toBeGreaterThanOrEqual(blockBytes)
    expect(damage?.firstAt).toBeLessThanOrEqual(blockBytes)
  })

  it('takes zeros at the end, as a loss of power leaves them, for none of it', () => {
    const file = Buffer.concat([logOf([bytes(10, 1)]), Buffer.alloc(5000)])
    expect(read(file)).toEqual({ records: [told(bytes(10, 1))], damage: null, cutBytes: 0 })
  })

  it('reads any bytes to their end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (noise) => {
        const { records: found } = read(Buffer.concat([fileHeader, noise]))
        expect(found.length).toBeLessThan(noise.length + 1)
      }),
    )
  })

  it('keeps no more of a record without an end than its limit', () => {
    const middle = logOf([bytes(200_000, 1)])
    const limit = 10 * blockBytes
    const looped = new RecordBlocks(limit)
    const second = middle.subarray(blockBytes, 2 * blockBytes)
    for (const _ of looped.records(middle.subarray(7, blockBytes), 7)) expect.unreachable()
    for (let block = 1; block < 20; block++)
      for (const _ of looped.records(second, block * blockBytes)) expect.unreachable()
    looped.end()
    expect(looped.cutBytes).toBe(0)
    expect(looped.damage?.bytes).toBeGreaterThan(limit)
  })
})
