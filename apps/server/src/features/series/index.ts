export { registerSeriesRoutes } from './series.route.ts'
export { createSeriesService, type SeriesService, type TableCharts } from './series.service.ts'
