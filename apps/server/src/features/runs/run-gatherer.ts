import type { FastifyBaseLogger } from 'fastify'
import { repeat } from '../../repeat.ts'
import type { ChunkLimits, RunChunksRepository } from './run-chunks.repository.ts'

/** The runs of a chunk, and the size of their documents together and of one, in bytes. */
export const chunkLimits: ChunkLimits = { runs: 256, bytes: 16 * 1024 * 1024, maxRunBytes: 1024 * 1024 }

const pauseMs = 5000
/** While runs wait, gathering them gets half of the time: lists are right meanwhile, only slower. */
const pausePerWork = 1

export type RunGathererOptions = { repository: RunChunksRepository; log: FastifyBaseLogger }

/** Gathers runs that do not change any more in chunks, again and again. Answers how to stop, which waits for what is under way. */
export function startRunGatherer({ repository, log }: RunGathererOptions): { stop(): Promise<void> } {
  let project: string | null = null
  return repeat(
    'gathering runs',
    (tookMs) => (project === null ? pauseMs : tookMs * pausePerWork),
    log,
    async () => {
      if (project !== null && (await repository.gather(project, chunkLimits))) return
      while (await repository.dissolve());
      const next = await repository.findProject(chunkLimits)
      // What it has is in the hands of others at this moment.
      project = next === project ? null : next
    },
  )
}
