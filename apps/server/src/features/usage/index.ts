export { createUsageRepository } from './usage.repository.ts'
export { usageRouter } from './usage.router.ts'
export { createUsageService, type UsageService } from './usage.service.ts'
