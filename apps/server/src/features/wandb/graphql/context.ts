import type { FastifyBaseLogger } from 'fastify'
import type { Identity, OrganizationScope } from '../../../http/scopes.ts'
import type { WandbServices } from '../wandb-services.ts'

/** What every resolver of one request works with. */
export type WandbContext = {
  identity: Identity
  /** The organization of the caller's key, which is meant where an operation names no entity. */
  organization: OrganizationScope
  /** The process among those that write to one run together (shared mode); null for a process alone. */
  client: string | null
  /** The server's address as the caller knows it, without a slash at its end. */
  origin: string
  /** The caller's `Authorization` header. */
  authorization: string
  /** The key in it. */
  apiKey: string
  services: WandbServices
  log: FastifyBaseLogger
}
