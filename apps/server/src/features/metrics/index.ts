export { createMetricsRepository, type MetricsRepository, type RunReference } from './metrics.repository.ts'
export { metricsRouter, textsRouter } from './metrics.router.ts'
