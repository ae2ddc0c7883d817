import { describe, expect, it } from 'vitest'
import { createPace } from './pace.ts'

describe('the pace of writers', () => {
  it('is 200 ms for few, slows with their number, and is never above 15 s', () => {
    const pace = createPace(() => 0)
    expect(pace.next('w0')).toBe(200)
    for (let writer = 0; writer < 1000; writer++) pace.next(`w${writer}`)
    expect(pace.next('w0')).toBe(2000)
    for (let writer = 0; writer < 20_000; writer++) pace.next(`w${writer}`)
    expect(pace.next('w0')).toBe(15_000)
  })

  it('quickens when writers went away', () => {
    let now = 0
    const pace = createPace(() => now)
    for (let writer = 0; writer < 1000; writer++) pace.next(`w${writer}`)
    now = 40_000
    expect(pace.next('w0')).toBe(2000)
    now = 80_000
    expect(pace.next('w0')).toBe(200)
  })
})
