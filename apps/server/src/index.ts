export type { AppRouter } from './router.ts'
export { type RunningServer, type ServerOptions, startServer } from './server.ts'
