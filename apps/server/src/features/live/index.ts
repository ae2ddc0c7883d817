export { registerLiveRoute } from './live.route.ts'
export { createLiveService, type LiveService } from './live.service.ts'
