import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { framedBytes, recordKinds } from './format.ts'
import { LogReader } from './log-reader.ts'
import { LogWriter } from './log-writer.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kiroku-log-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

let files = 0
const newPath = (): string => join(directory, `${files++}.klog`)

/** A payload of a kind that a log has, told apart by its bytes. */
const payload = fc
  .uint8Array({ minLength: 7, maxLength: 60 })
  .map((bytes) => Uint8Array.from([recordKinds.update, ...bytes]))

function write(path: string, payloads: readonly Uint8Array[]): void {
  const writer = new LogWriter(path)
  for (const each of payloads) writer.append(each)
  expect(writer.close()).toBeUndefined()
}

function read(path: string, { isFinal = false } = {}): { payloads: Uint8Array[]; reader: LogReader } {
  const reader = new LogReader(path)
  reader.isFinal = isFinal
  const payloads: Uint8Array[] = []
  for (let misses = 0; misses < 10; ) {
    if (reader.next()) payloads.push(reader.bytes.slice(reader.start, reader.end))
    else misses++
  }
  reader.close()
  return { payloads, reader }
}

describe('the local log', () => {
  it('gives what was written, at multiples of 8', () => {
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 40 }), (payloads) => {
        const path = newPath()
        write(path, payloads)
        expect(read(path).payloads).toEqual(payloads)
        expect(readFileSync(path).length % 8).toBe(0)
      }),
      { numRuns: 50 },
    )
  })

  it('gives all whole records of a log that is cut anywhere, and ends where they end', () => {
    fc.assert(
      fc.property(
        fc.array(payload, { minLength: 1, maxLength: 10 }),
        fc.nat(),
        fc.boolean(),
        (payloads, at, isFinal) => {
          const path = newPath()
          write(path, payloads)
          const cut = at % (readFileSync(path).length + 1)
          truncateSync(path, cut)
          let end = 0
          const whole = payloads.filter(({ length }) => {
            if (end + framedBytes(length) > cut) {
              end = Number.POSITIVE_INFINITY
              return false
            }
            end += framedBytes(length)
            return true
          })
          const { payloads: seen, reader } = read(path, { isFinal })
          expect(seen).toEqual(whole)
          expect(reader.wholeEnd).toBe(whole.reduce((sum, { length }) => sum + framedBytes(length), 0))
        },
      ),
      { numRuns: 100 },
    )
  })

  it('loses only the record whose bytes were damaged', () => {
    fc.assert(
      fc.property(
        fc.array(payload, { minLength: 2, maxLength: 10 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (payloads, at, flip) => {
          const path = newPath()
          write(path, payloads)
          const bytes = readFileSync(path)
          const position = at % bytes.length
          bytes[position] = (bytes[position] ?? 0) ^ flip
          writeFileSync(path, bytes)
          let from = 0
          const undamaged = payloads.filter(({ length }) => {
            const [start, end] = [from, from + framedBytes(length)]
            from = end
            return position < start || position >= end
          })
          const { payloads: seen, reader } = read(path, { isFinal: true })
          const isPadding = seen.length === payloads.length
          expect(seen).toEqual(isPadding ? payloads : undamaged)
          expect(reader.skipped > 0).toBe(!isPadding)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('goes on past a torn end that another writer overwrote', () => {
    const path = newPath()
    const [first, second] = [Uint8Array.from([5, ...Array(20).fill(1)]), Uint8Array.from([5, ...Array(30).fill(2)])]
    write(path, [first])
    appendFileSync(path, new Uint8Array([40, 0, 0, 0x4b, 1, 2, 3]))
    const reader = new LogReader(path)
    reader.isFinal = true
    expect(reader.next()).toBe(true)
    expect(reader.next()).toBe(false)
    const writer = new LogWriter(path, reader.wholeEnd)
    writer.append(second)
    expect(writer.flush()).toBeUndefined()
    writer.cutTail()
    writer.close()
    reader.rewind()
    expect(reader.next()).toBe(true)
    expect(reader.bytes.slice(reader.start, reader.end)).toEqual(second)
    reader.close()
    expect(read(path).payloads).toEqual([first, second])
  })

  it('is followed while it is written, a piece of a frame at a time', () => {
    const source = newPath()
    const path = newPath()
    const payloads = Array.from({ length: 50 }, (_, index) =>
      Uint8Array.from([5, ...Array(8 + (index % 7) * 1000).fill(index)]),
    )
    write(source, payloads)
    const bytes = readFileSync(source)
    writeFileSync(path, '')
    const reader = new LogReader(path)
    const seen: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += 777) {
      appendFileSync(path, bytes.subarray(at, at + 777))
      while (reader.next()) seen.push(reader.bytes.slice(reader.start, reader.end))
    }
    reader.close()
    expect(seen).toEqual(payloads)
  })

  it("takes records longer than the reader's buffer", () => {
    const path = newPath()
    const large = new Uint8Array(5 * 1024 * 1024 + 3).fill(9)
    large[0] = recordKinds.update
    const small = Uint8Array.from([5, 1, 2, 3, 4, 5, 6, 7])
    write(path, [small, large, small])
    expect(read(path).payloads.map(({ length }) => length)).toEqual([8, large.length, 8])
  })

  it('keeps what a full disk refuses, and throws nothing', () => {
    const writer = new LogWriter('/dev/full', 0)
    writer.append(Uint8Array.from([5, 1, 2, 3, 4, 5, 6, 7]))
    expect(writer.flush()?.message).toContain('ENOSPC')
    expect(writer.flush()?.message).toContain('ENOSPC')
    expect(writer.size).toBe(16)
  })

  it('drops rows, what was printed and nothing else when too much waits', () => {
    const writer = new LogWriter('/dev/full', 0)
    const [row, printed] = [recordKinds.row, recordKinds.console].map((kind) => {
      const record = new Uint8Array(8 * 1024 * 1024)
      record[0] = kind
      return record
    })
    for (let index = 0; index < 9; index++) if (row) writer.append(row)
    if (printed) writer.append(printed)
    const before = writer.size
    writer.append(Uint8Array.from([recordKinds.update, 1, 2, 3, 4, 5, 6, 7]))
    expect([writer.droppedRows, writer.droppedConsoleBytes]).toEqual([2, 8 * 1024 * 1024])
    expect(writer.size).toBe(before + 16)
  })
})
