export { createPurgeRepository } from './purge.repository.ts'
export { createSweeperRepository } from './sweeper.repository.ts'
export { startSweeper } from './sweeper.ts'
