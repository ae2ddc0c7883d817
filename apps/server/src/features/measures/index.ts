export { measuresRouter } from './measures.router.ts'
export { createMeasuresService, type MeasuresService } from './measures.service.ts'
