import type { MetricStore } from '@kiroku/metric-store'
import type { FastifyBaseLogger } from 'fastify'
import { repeat } from '../../repeat.ts'
import type { RollupsRepository } from './rollups.repository.ts'

const shortestPauseMs = 500
const longestPauseMs = 15_000
/** Under load the rollups get a fifth of the time; points that they do not know yet are read as they are. */
const pausePerWork = 4

export type RollerOptions = {
  store: Pick<MetricStore, 'roll'>
  /** Null when this server is the only one that can write to the store. */
  repository: RollupsRepository | null
  log: FastifyBaseLogger
}

/** Fills the rollups again and again. Answers how to stop, which waits for what is under way. */
export function startRoller({ store, repository, log }: RollerOptions): { stop(): Promise<void> } {
  const roll = async (): Promise<void> => {
    await store.roll()
  }
  const pauseMs = (tookMs: number): number => Math.min(longestPauseMs, Math.max(shortestPauseMs, tookMs * pausePerWork))
  return repeat('filling rollups', pauseMs, log, () => (repository ? repository.alone(roll) : roll()))
}
