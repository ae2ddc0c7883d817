import { KirokuError } from '@kiroku/core/errors'

/** Who asks, proven by a key or a session, and the organizations that they may look in. */
export type Identity = {
  userId: string
  name: string
  email: string | null
  via: 'key' | 'session'
  organizations: readonly { id: string; slug: string; name: string }[]
  /** Their organizations that were deleted, until they are purged; nothing of them may be looked at. */
  deletedOrganizations: readonly { id: string; slug: string; name: string; deletedAt: number }[]
}

class Organization {
  /** Makes the type nominal: no other value passes for a scope. */
  protected readonly isAuthorized = true
  readonly organizationId: string
  readonly organization: string
  readonly userId: string
  constructor(organizationId: string, organization: string, userId: string) {
    this.organizationId = organizationId
    this.organization = organization
    this.userId = userId
  }
}

class Project {
  /** Makes the type nominal: no other value passes for a scope. */
  protected readonly isAuthorized = true
  readonly organizationId: string
  readonly organization: string
  readonly projectId: string
  readonly project: string
  constructor(scope: OrganizationScope, projectId: string, project: string) {
    this.organizationId = scope.organizationId
    this.organization = scope.organization
    this.projectId = projectId
    this.project = project
  }
}

/** The right to one organization. Only `authorizeOrganization` makes one; every repository asks for one. */
export type OrganizationScope = Organization

/** The right to one project of an authorized organization. Only the lookup of projects makes one. */
export type ProjectScope = Project

/** The scope of an organization that the caller may look in. Throws NOT_FOUND for any other, known or not. */
export function authorizeOrganization(identity: Identity, slug: string): OrganizationScope {
  const found = identity.organizations.find((organization) => organization.slug === slug)
  if (!found) {
    const isDeleted = identity.deletedOrganizations.some((organization) => organization.slug === slug)
    const message = isDeleted ? deletedMessage(slug) : `there is no organization ${slug}, or it is not yours`
    throw new KirokuError({ code: 'NOT_FOUND', message })
  }
  return new Organization(found.id, found.slug, identity.userId)
}

/** All organizations that the caller may look in, in the order of their names. */
export function authorizeAll(identity: Identity): OrganizationScope[] {
  return identity.organizations.map(({ id, slug }) => new Organization(id, slug, identity.userId))
}

const deletedMessage = (slug: string): string =>
  `the organization ${slug} was deleted; a member can restore it within a day`

/** The deleted organization of that name that the caller was in. Throws NOT_FOUND for any other, known or not. */
export function authorizeDeletedOrganization(identity: Identity, slug: string): OrganizationScope {
  const found = identity.deletedOrganizations.find((organization) => organization.slug === slug)
  if (found) return new Organization(found.id, found.slug, identity.userId)
  const message = `there is no deleted organization ${slug} to restore, or it is not yours`
  throw new KirokuError({ code: 'NOT_FOUND', message })
}

/**
 * The organization of a key. Throws FORBIDDEN for a caller who has more than one to choose from, and CONFLICT when it was
 * deleted.
 */
export function authorizeOnly(identity: Identity): OrganizationScope {
  const [only, ...more] = authorizeAll(identity)
  if (only && more.length === 0) return only
  const [deleted] = identity.deletedOrganizations
  if (!only && deleted) throw new KirokuError({ code: 'CONFLICT', message: deletedMessage(deleted.slug) })
  throw new KirokuError({ code: 'FORBIDDEN', message: 'use an API key: it says which organization is meant' })
}

/** The scope of a project that was found in `scope`. For the lookup of projects alone. */
export function projectScopeOf(scope: OrganizationScope, project: { id: string; name: string }): ProjectScope {
  return new Project(scope, project.id, project.name)
}
