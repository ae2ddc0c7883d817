export { registerSeriesRoutes } from './series.route.ts'
export { createSeriesService, type SeriesService } from './series.service.ts'
