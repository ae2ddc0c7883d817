export { registerFigureRoutes } from './figures.route.ts'
