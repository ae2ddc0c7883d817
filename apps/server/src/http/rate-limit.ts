import { KirokuError } from '@kiroku/core/errors'

const maxKeys = 10_000

/** Lets each key try so often in a window of time. Throws TOO_MANY_REQUESTS with `details.retryAfterMs` beyond that. */
export function createRateLimit(
  { attempts, windowMs }: { attempts: number; windowMs: number },
  now: () => number = Date.now,
): { take(key: string): void } {
  const taken = new Map<string, { count: number; until: number }>()
  return {
    take(key) {
      const known = taken.get(key)
      if (!known || known.until <= now()) {
        if (taken.size >= maxKeys) taken.clear()
        taken.set(key, { count: 1, until: now() + windowMs })
        return
      }
      known.count++
      if (known.count <= attempts) return
      const retryAfterMs = known.until - now()
      throw new KirokuError({
        code: 'TOO_MANY_REQUESTS',
        message: `more than ${attempts} tries in ${windowMs / 1000} s; wait for the rest of them`,
        details: { retryAfterMs },
      })
    },
  }
}
