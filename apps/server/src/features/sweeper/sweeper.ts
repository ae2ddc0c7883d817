import type { MetricStore } from '@kiroku/metric-store'
import type { FastifyBaseLogger } from 'fastify'
import type { IdentitiesRepository } from '../sessions/index.ts'
import type { SweeperRepository } from './sweeper.repository.ts'

const longestPauseMs = 15_000

export type SweeperOptions = {
  repository: SweeperRepository
  identities: IdentitiesRepository
  store: MetricStore
  /** How long a running run may be silent. */
  crashAfterMs: number
  /** How long a deleted run can be restored; a day when left out. */
  purgeAfterMs?: number | undefined
  log: FastifyBaseLogger
}

/**
 * Sweeps at once and then every few seconds: silent runs become crashed, runs that were deleted a day ago lose their
 * points, sessions end. A sweep that fails is logged and tried again. Answers how to stop, which waits for a sweep.
 */
export function startSweeper(options: SweeperOptions): { stop(): Promise<void> } {
  const pauseMs = Math.max(50, Math.min(longestPauseMs, options.crashAfterMs / 4))
  let isStopped = false
  let wake = (): void => {}
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, pauseMs)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const loop = async (): Promise<void> => {
    while (!isStopped) {
      await sweep(options).catch((error: unknown) => options.log.warn({ err: error }, 'a sweep failed'))
      if (!isStopped) await pause()
    }
  }
  const running = loop()
  return {
    async stop() {
      isStopped = true
      wake()
      await running
    },
  }
}

const dayMs = 24 * 60 * 60 * 1000

async function sweep(options: SweeperOptions): Promise<void> {
  const { repository, identities, store, crashAfterMs, purgeAfterMs = dayMs } = options
  await repository.markCrashed(crashAfterMs)
  await identities.deleteExpired()
  for (const run of await repository.listPurgeable(purgeAfterMs)) {
    await store.deleteRun({ project: run.projectId, run: run.runId })
    await repository.markPurged(run)
  }
}
