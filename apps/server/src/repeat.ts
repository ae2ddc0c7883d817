import type { FastifyBaseLogger } from 'fastify'

const firstPauseAfterFailureMs = 500
const longestPauseAfterFailureMs = 15_000

/**
 * Does `work` at once and then again `pauseMs` after it last ended, or as long after as the function says, which is given how
 * long it took. What fails is logged as `what` and tried again, ever later while it goes on failing. Answers how to stop, which waits for what is under way.
 */
export function repeat(
  what: string,
  pauseMs: number | ((tookMs: number) => number),
  log: FastifyBaseLogger,
  work: (signal: AbortSignal) => Promise<void>,
): { stop(): Promise<void> } {
  const stopping = new AbortController()
  let wake = (): void => {}
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const loop = async (): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted; ) {
      const began = performance.now()
      try {
        await work(stopping.signal)
        failures = 0
      } catch (error) {
        failures++
        log.warn({ err: error }, `${what} failed`)
      }
      const ms = typeof pauseMs === 'number' ? pauseMs : pauseMs(performance.now() - began)
      const afterFailureMs = Math.min(longestPauseAfterFailureMs, firstPauseAfterFailureMs * 2 ** (failures - 1))
      if (!stopping.signal.aborted) await pause(failures === 0 ? ms : Math.max(ms, afterFailureMs))
    }
  }
  const running = loop()
  return {
    async stop() {
      stopping.abort()
      wake()
      await running
    },
  }
}
