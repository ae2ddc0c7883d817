import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Ring } from './ring.ts'

type Message = { tag: number; bytes: number[] }

function drained(ring: Ring): Message[] {
  const messages: Message[] = []
  ring.drain((tag, payload) => messages.push({ tag, bytes: [...payload] }))
  return messages
}

describe('Ring', () => {
  it('gives what was put in, in order, around its end and when it was full', () => {
    const push = fc.record({
      tag: fc.nat(0xffff_ffff),
      bytes: fc.array(fc.nat(255), { maxLength: 40 }),
    })
    const drain = fc.constant('drain' as const)
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: push }, drain), { maxLength: 200 }), (steps) => {
        const writing = Ring.create(128)
        const reading = new Ring(writing.shared)
        const expected: Message[] = []
        const seen: Message[] = []
        for (const step of steps) {
          if (step === 'drain') seen.push(...drained(reading))
          else if (writing.push(step.tag, Uint8Array.from(step.bytes))) expected.push(step)
        }
        seen.push(...drained(reading))
        expect(seen).toEqual(expected)
      }),
    )
  })

  it('takes its longest message whenever it is empty, wherever it stands', () => {
    const ring = Ring.create(256)
    const longest = new Uint8Array(ring.maxMessageBytes).fill(7)
    for (let turn = 0; turn < 100; turn++) {
      expect(ring.push(turn, longest)).toBe(true)
      expect(drained(ring)).toEqual([{ tag: turn, bytes: [...longest] }])
      ring.push(1, new Uint8Array(turn % 32))
      drained(ring)
    }
  })

  it('refuses when it is full and takes again when it was emptied', () => {
    const ring = Ring.create(64)
    const payload = new Uint8Array(8)
    const pushed = Array.from({ length: 10 }, (_, index) => ring.push(index, payload))
    expect(pushed.filter(Boolean)).toHaveLength(4)
    expect(drained(ring)).toHaveLength(4)
    expect(ring.push(10, payload)).toBe(true)
  })

  it('keeps its positions apart from their 32 bits', () => {
    const ring = Ring.create(64)
    const control = new Int32Array(ring.shared, 0, 2)
    control.fill(0x7fff_fff8)
    for (let turn = 0; turn < 20; turn++) {
      expect(ring.push(turn, new Uint8Array([turn]))).toBe(true)
      expect(drained(ring)).toEqual([{ tag: turn, bytes: [turn] }])
    }
    control.fill(-8)
    expect(ring.push(1, new Uint8Array(20))).toBe(true)
    expect(drained(ring)).toHaveLength(1)
  })

  it('hands a request to flush over, and gives up waiting', () => {
    const ring = Ring.create(64)
    expect(ring.pendingFlush()).toBeUndefined()
    const request = ring.askFlush()
    expect(ring.awaitFlush(request, 1)).toBe(false)
    const asked = ring.pendingFlush()
    expect(asked).toBe(request)
    ring.answerFlush(request)
    expect(ring.awaitFlush(request, 1)).toBe(true)
    expect(ring.pendingFlush()).toBeUndefined()
  })

  it('wants a power of two', () => {
    expect(() => Ring.create(100)).toThrow(RangeError)
  })
})
