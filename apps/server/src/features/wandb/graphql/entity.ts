import { KirokuError } from '@kiroku/core/errors'
import { authorizeOrganization, type OrganizationScope } from '../../../http/scopes.ts'
import type { WandbContext } from './context.ts'

/** The organization that an operation names, or the caller's where it names none. Throws NOT_FOUND for any other. */
export function requireEntity(
  { identity, organization }: WandbContext,
  name: string | null | undefined,
): OrganizationScope {
  if (!name) return organization
  try {
    return authorizeOrganization(identity, name)
  } catch (cause) {
    if (!(cause instanceof KirokuError)) throw cause
    const message = `${cause.message}; your key is for the entity ${organization.organization}`
    throw new KirokuError({ code: cause.code, message, cause })
  }
}

/** As `requireEntity`, but null for an organization that is not the caller's. */
export function entityOf(context: WandbContext, name: string | null | undefined): OrganizationScope | null {
  try {
    return requireEntity(context, name)
  } catch (error) {
    if (error instanceof KirokuError && error.code === 'NOT_FOUND') return null
    throw error
  }
}
