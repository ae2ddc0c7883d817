export {
  createMetricsRepository,
  type MetricsRepository,
  type NamedTotals,
  type RunReference,
} from './metrics.repository.ts'
export { metricsRouter, textsRouter } from './metrics.router.ts'
