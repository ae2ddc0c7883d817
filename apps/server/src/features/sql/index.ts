export { createSqlRepository } from './sql.repository.ts'
export { registerSqlRoute } from './sql.route.ts'
export { sqlRouter } from './sql.router.ts'
export { createSqlService, type SqlService } from './sql.service.ts'
