import { afterEach, describe, expect, it } from 'vitest'
import { RunConsole } from './run-console.ts'

type Seen = { kind: number; flags: number; time: number; text: string }

function readRecord(payload: Uint8Array): Seen {
  const bytes = Buffer.from(payload)
  const length = bytes.readUInt32LE(4)
  expect(bytes.length).toBe(16 + length)
  return {
    kind: bytes.readUInt8(0),
    flags: bytes.readUInt8(1),
    time: bytes.readDoubleLE(8),
    text: bytes.toString('utf8', 16),
  }
}

const restore: (() => void)[] = []
afterEach(() => {
  for (const each of restore.splice(0)) each()
})

/** A console that is recorded, and whose output goes nowhere else. */
function recorded(hasRoom: () => boolean = () => true): { seen: Seen[]; console: RunConsole } {
  for (const stream of [process.stdout, process.stderr]) {
    const before = Object.getOwnPropertyDescriptor(stream, 'write')
    stream.write = () => true
    restore.push(() => {
      if (before === undefined) Reflect.deleteProperty(stream, 'write')
      else Object.defineProperty(stream, 'write', before)
    })
  }
  const seen: Seen[] = []
  const console = new RunConsole((payload) => {
    if (!hasRoom()) return false
    seen.push(readRecord(payload))
    return true
  })
  return { seen, console }
}

describe('6.1 console records', () => {
  it('hold what was printed, where, and when', () => {
    const before = Date.now()
    const { seen, console } = recorded()
    process.stdout.write('out\r')
    process.stderr.write('err 日\n')
    console.close()
    process.stdout.write('later')
    expect(seen).toMatchObject([
      { kind: 6, flags: 0, text: 'out\r' },
      { kind: 6, flags: 1, text: 'err 日\n' },
    ])
    for (const { time } of seen) expect(time >= before && time <= Date.now()).toBe(true)
  })

  it('are pieces of what is printed at once', () => {
    const { seen, console } = recorded()
    const text = Array.from({ length: 50_000 }, (_, index) => index).join(' ')
    process.stdout.write(text)
    console.close()
    expect(seen.length).toBeGreaterThan(1)
    expect(seen.map((record) => record.text).join('')).toBe(text)
  })

  it('tell how much was left out, where it is missing', () => {
    let hasRoom = true
    const { seen, console } = recorded(() => hasRoom)
    process.stdout.write('first')
    hasRoom = false
    process.stdout.write('x'.repeat(2048))
    process.stdout.write('x'.repeat(1024))
    hasRoom = true
    process.stdout.write('last')
    hasRoom = false
    process.stderr.write('y'.repeat(10))
    hasRoom = true
    console.close()
    expect(seen.map(({ text, flags }) => [flags, text])).toEqual([
      [0, 'first'],
      [0, '\n[3 KiB were printed here faster than they could be kept]\n'],
      [0, 'last'],
      [1, '\n[10 B were printed here faster than they could be kept]\n'],
    ])
  })
})
