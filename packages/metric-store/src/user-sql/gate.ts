import { KirokuError } from '@kiroku/core/errors'

/** Waits for its turn and gives what ends it. Throws TOO_MANY_REQUESTS when too many wait, and what an abort says. */
export type Gate = (signal: AbortSignal | undefined) => Promise<() => void>

/** Lets `concurrency` in at the same time, in order, while `maxWaiting` others wait. */
export function createGate(concurrency: number, maxWaiting: number): Gate {
  const waiting: (() => void)[] = []
  let inside = 0
  const leave = (): void => {
    const next = waiting.shift()
    if (next === undefined) inside--
    else next()
  }
  return async (signal) => {
    if (inside < concurrency) {
      inside++
      return leave
    }
    if (waiting.length >= maxWaiting)
      throw new KirokuError({
        code: 'TOO_MANY_REQUESTS',
        message: `${maxWaiting} queries wait already: try again in a moment`,
        details: { retryAfterMs: 5000 },
      })
    await new Promise<void>((enter, refuse) => {
      const giveUp = (): void => {
        waiting.splice(waiting.indexOf(mine), 1)
        refuse(new KirokuError({ code: 'UNAVAILABLE', message: 'the query was given up' }))
      }
      const mine = (): void => {
        signal?.removeEventListener('abort', giveUp)
        enter()
      }
      waiting.push(mine)
      if (signal?.aborted) giveUp()
      else signal?.addEventListener('abort', giveUp, { once: true })
    })
    return leave
  }
}
