export { viewerRouter } from './viewer.router.ts'
