export { startRoller } from './roller.ts'
export { createRollupsRepository, type RollupsRepository } from './rollups.repository.ts'
