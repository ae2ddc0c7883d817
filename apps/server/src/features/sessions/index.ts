export {
  createIdentitiesRepository,
  type IdentitiesRepository,
  type SessionIdentity,
  sessionDays,
} from './identities.repository.ts'
export { registerSessionRoutes } from './sessions.route.ts'
