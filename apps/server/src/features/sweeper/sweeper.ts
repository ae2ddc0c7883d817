import type { FastifyBaseLogger } from 'fastify'
import { repeat } from '../../repeat.ts'
import type { FilesService } from '../files/index.ts'
import type { IdentitiesRepository } from '../sessions/index.ts'
import { type PurgeOptions, purge } from './purge.ts'
import type { SweeperRepository } from './sweeper.repository.ts'

const longestPauseMs = 15_000
/** Points that are removed have whole parts written anew, so runs wait for each other. */
const longestPurgePauseMs = 60 * 60 * 1000

export type SweeperOptions = PurgeOptions & {
  repository: SweeperRepository
  identities: IdentitiesRepository
  files: Pick<FilesService, 'sweep'>
  /** How long a running run may be silent. */
  crashAfterMs: number
  log: FastifyBaseLogger
}

/**
 * Sweeps at once and then every few seconds: silent runs become crashed, sessions end. Beside it and at most every hour, since
 * that takes longer, runs are deleted for their age, what was deleted a day ago is removed, and contents that no file names are.
 * A sweep that fails is logged and tried again. Answers how to stop, which waits for what is under way.
 */
export function startSweeper(options: SweeperOptions): { stop(): Promise<void> } {
  const { crashAfterMs, purgeAfterMs, log, files } = options
  const purgePauseMs = Math.max(50, Math.min(longestPurgePauseMs, purgeAfterMs / 4))
  const repeats = [
    repeat('a sweep', Math.max(50, Math.min(longestPauseMs, crashAfterMs / 4)), log, () => sweep(options)),
    repeat('a sweep', purgePauseMs, log, (signal) => files.sweep(purgeAfterMs, signal)),
    repeat('a sweep', purgePauseMs, log, (signal) => purge(options, signal)),
  ]
  return {
    async stop() {
      await Promise.all(repeats.map((each) => each.stop()))
    },
  }
}

async function sweep({ repository, identities, crashAfterMs }: SweeperOptions): Promise<void> {
  await repository.markCrashed(crashAfterMs)
  await identities.deleteExpired()
}
