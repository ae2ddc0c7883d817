import type { MetricStore } from '@kiroku/metric-store'
import type { FastifyBaseLogger } from 'fastify'
import { repeat } from '../../repeat.ts'
import type { FilesService } from '../files/index.ts'
import type { IdentitiesRepository } from '../sessions/index.ts'
import type { SweeperRepository } from './sweeper.repository.ts'

const longestPauseMs = 15_000
const longestFilesPauseMs = 60 * 60 * 1000

export type SweeperOptions = {
  repository: SweeperRepository
  identities: IdentitiesRepository
  files: Pick<FilesService, 'sweep'>
  store: MetricStore
  /** How long a running run may be silent. */
  crashAfterMs: number
  /** How long a deleted run can be restored, and how long content is kept that no file names; a day when left out. */
  purgeAfterMs?: number | undefined
  log: FastifyBaseLogger
}

/**
 * Sweeps at once and then every few seconds: silent runs become crashed, runs that were deleted a day ago lose their
 * points, sessions end. Contents that no file names are looked for beside it and more seldom, since that takes longer. A
 * sweep that fails is logged and tried again. Answers how to stop, which waits for what is under way.
 */
export function startSweeper(options: SweeperOptions): { stop(): Promise<void> } {
  const { crashAfterMs, purgeAfterMs = dayMs, log, files } = options
  const repeats = [
    repeat('a sweep', Math.max(50, Math.min(longestPauseMs, crashAfterMs / 4)), log, () => sweep(options)),
    repeat('a sweep', Math.max(50, Math.min(longestFilesPauseMs, purgeAfterMs / 4)), log, (signal) =>
      files.sweep(purgeAfterMs, signal),
    ),
  ]
  return {
    async stop() {
      await Promise.all(repeats.map((each) => each.stop()))
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
