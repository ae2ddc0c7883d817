import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { Backoff } from './backoff.ts'
import { LineSplitter, parseLine } from './protocol.ts'
import { retryAfterMs } from './server-client.ts'
import { Turns } from './turns.ts'
import { Wakeable } from './wakeable.ts'

describe('Backoff', () => {
  it('doubles from half a second up to half a minute, and begins again', () => {
    const backoff = new Backoff()
    const waits = Array.from({ length: 9 }, () => backoff.next(0, 1))
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    backoff.reset()
    expect(backoff.next(0, 0)).toBe(375)
    expect(backoff.next(60_000, 0)).toBe(60_000)
  })
})

describe('retryAfterMs', () => {
  it.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ['', undefined],
    ['2', 2000],
    ['-1', 0],
    ['soon', undefined],
    ['Thu, 01 Jan 1970 00:00:20 GMT', 10_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ])('reads %s', (header, wait) => {
    expect(retryAfterMs(header, 10_000)).toBe(wait)
  })
})

describe('LineSplitter', () => {
  it('finds the lines however the text is cut', () => {
    const line = fc.string({ minLength: 1 }).map((text) => text.replaceAll('\n', ' '))
    fc.assert(
      fc.property(fc.array(line), fc.integer({ min: 1, max: 9 }), (lines, size) => {
        const text = lines.map((each) => `${each}\n`).join('')
        const splitter = new LineSplitter()
        const seen: string[] = []
        for (let at = 0; at < text.length; at += size) seen.push(...splitter.add(text.slice(at, at + size)))
        expect(seen).toEqual(lines)
      }),
    )
  })

  it('and a line that is no JSON, or of another shape, is nothing', () => {
    const schema = z.object({ a: z.number() })
    expect(parseLine(schema, '{"a":1}')).toEqual({ a: 1 })
    expect(parseLine(schema, '{"a":"1"}')).toBeUndefined()
    expect(parseLine(schema, '{')).toBeUndefined()
  })
})

describe('Turns', () => {
  it('lets in as many as it may, the others in their order', async () => {
    const turns = new Turns(2)
    const entered: number[] = []
    const ends = [await turns.take(), await turns.take()]
    const third = turns.take().then((end) => [entered.push(3), end] as const)
    const fourth = turns.take().then((end) => [entered.push(4), end] as const)
    await Promise.resolve()
    expect(entered).toEqual([])
    ends[0]?.()
    ends[0]?.()
    const [, endThird] = await third
    expect(entered).toEqual([3])
    endThird()
    await fourth
    expect(entered).toEqual([3, 4])
  })
})

describe('Wakeable', () => {
  it('ends the sleeps that listen', async () => {
    const wakeable = new Wakeable()
    let isDeafDone = false
    const sleep = wakeable.sleep(1e6)
    const deaf = wakeable.sleep(30, { deaf: true }).then(() => {
      isDeafDone = true
    })
    wakeable.wake()
    await sleep
    expect(isDeafDone).toBe(false)
    await deaf
  })
})
