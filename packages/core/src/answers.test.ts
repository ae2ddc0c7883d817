import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { busyPauseMs, queryPath, readRefusal, readResult } from './answers.ts'

describe('the answer of a procedure', () => {
  it('is asked for with the input in the address', () => {
    const path = queryPath('runs.byId', { run: 'a&b=ü' })
    expect(new URL(path, 'http://x').searchParams.get('input')).toBe('{"run":"a&b=ü"}')
    expect(queryPath('viewer.me', undefined)).not.toContain('?')
  })

  it('is its data, or why it makes no sense', () => {
    expect(readResult(z.number(), '{"result":{"data":7}}')).toMatchObject({ success: true, data: 7 })
    expect(readResult(z.undefined(), '{"result":{}}')).toMatchObject({ success: true })
    for (const text of ['{"result":{"data":"seven"}}', '<html>', '7'])
      expect(readResult(z.number(), text).success).toBe(false)
  })
})

describe('a refusal', () => {
  it.each([
    [404, '{"error":{"message":"no run"}}', { code: 'NOT_FOUND', message: 'no run', details: {} }],
    [
      409,
      '{"code":"CONFLICT","message":"gap","details":{"ackSeq":3}}',
      { code: 'CONFLICT', message: 'gap', details: { ackSeq: 3 } },
    ],
    [418, '<html>', { code: 'INTERNAL', message: undefined, details: {} }],
  ])('of status %i has its code, and its words where it has any', (status, text, refusal) => {
    expect(readRefusal(status, text)).toEqual(refusal)
  })

  it('of a busy server says when to come again, later each time, and in ten seconds at the latest', () => {
    expect([1, 2, 3].map((attempt) => busyPauseMs(503, null, attempt))).toEqual([250, 500, 1000])
    expect(busyPauseMs(429, '3', 1)).toBe(3000)
    expect(busyPauseMs(503, '3600', 1)).toBe(10_000)
    expect(busyPauseMs(503, 'tomorrow', 20)).toBe(10_000)
    expect(busyPauseMs(500, '1', 1)).toBeUndefined()
  })
})
