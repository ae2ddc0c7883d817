export { registerHealthRoutes } from './health.route.ts'
