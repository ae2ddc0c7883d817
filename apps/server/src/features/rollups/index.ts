export { startRoller } from './roller.ts'
export { createRollupsRepository } from './rollups.repository.ts'
