import { describe, expect, it } from 'vitest'
import { createRateLimit } from './rate-limit.ts'

describe('a rate limit', () => {
  it('lets each key try so often, says when to come back, and then starts anew', () => {
    let now = 0
    const limit = createRateLimit({ attempts: 2, windowMs: 1000 }, () => now)
    limit.take('a')
    limit.take('a')
    now = 400
    expect(() => limit.take('a')).toThrow(
      expect.objectContaining({ code: 'TOO_MANY_REQUESTS', details: { retryAfterMs: 600 } }),
    )
    expect(() => limit.take('b')).not.toThrow()
    now = 1000
    expect(() => limit.take('a')).not.toThrow()
  })
})
