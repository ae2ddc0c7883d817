export { createSweeperRepository } from './sweeper.repository.ts'
export { startSweeper } from './sweeper.ts'
