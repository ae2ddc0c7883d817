export { createRunsRepository, type RunsRepository } from './runs.repository.ts'
export { runsRouter } from './runs.router.ts'
