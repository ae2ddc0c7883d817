export { registerConsoleRoute } from './console.route.ts'
export { consoleRouter } from './console.router.ts'
export { type ConsoleService, createConsoleService } from './console.service.ts'
