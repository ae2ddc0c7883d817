export { createPendingChanges } from './pending-change.repository.ts'
export { createRunsRepository, type RunsRepository } from './runs.repository.ts'
export { runsRouter } from './runs.router.ts'
export { createStartRunService, type StartRunService } from './start-run.service.ts'
