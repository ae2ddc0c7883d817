import type { FastifyBaseLogger } from 'fastify'

/**
 * Does `work` at once and then again `pauseMs` after it last ended, or as long after as the function says, which is given how
 * long it took. What fails is logged as `what` and tried again. Answers how to stop, which waits for what is under way.
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
    while (!stopping.signal.aborted) {
      const began = performance.now()
      await work(stopping.signal).catch((error: unknown) => log.warn({ err: error }, `${what} failed`))
      const ms = typeof pauseMs === 'number' ? pauseMs : pauseMs(performance.now() - began)
      if (!stopping.signal.aborted) await pause(ms)
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
