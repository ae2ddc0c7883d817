import type { DeletedOrganization } from '@kiroku/core/projects'
import type { Identity, OrganizationScope } from '../../http/scopes.ts'
import type { IdentitiesRepository } from '../sessions/index.ts'
import type { OrganizationsRepository } from './organizations.repository.ts'

/** Deletes and restores organizations, which changes who may do what. */
export type OrganizationsService = {
  /** The organization that the server was set up with; it cannot be deleted. */
  homeId(): Promise<string>
  /** The caller's organizations that were deleted and can still be restored. */
  restorable(identity: Identity): DeletedOrganization[]
  /**
   * Any member may; what a key of it sends is refused from now on. `identity` knows its name. Throws CONFLICT for the one
   * that the server was set up with.
   */
  delete(scope: OrganizationScope, identity: Identity): Promise<DeletedOrganization>
  /** Any member may, with a key of it too. Throws NOT_FOUND when there is nothing to restore. */
  restore(scope: OrganizationScope): Promise<void>
}

/** A deleted organization can be restored for `restorableMs`. */
export function createOrganizationsService(
  repository: OrganizationsRepository,
  identities: Pick<IdentitiesRepository, 'forget'>,
  restorableMs: number,
): OrganizationsService {
  return {
    homeId: () => repository.homeId(),

    restorable: ({ deletedOrganizations }) =>
      deletedOrganizations
        .map(({ slug, name, deletedAt }) => ({ slug, name, restorableUntil: deletedAt + restorableMs }))
        .filter(({ restorableUntil }) => restorableUntil > Date.now()),

    async delete(scope, identity) {
      const deletedAt = await repository.delete(scope)
      identities.forget()
      const slug = scope.organization
      const name = identity.organizations.find((organization) => organization.slug === slug)?.name ?? slug
      return { slug, name, restorableUntil: deletedAt.getTime() + restorableMs }
    },

    async restore(scope) {
      await repository.restore(scope)
      identities.forget()
    },
  }
}
