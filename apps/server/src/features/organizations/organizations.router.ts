import { deletedOrganizationSchema, organizationInputSchema } from '@kiroku/core/projects'
import { authorizeDeletedOrganization, authorizeOrganization } from '../../http/scopes.ts'
import { authorized, router } from '../../http/trpc.ts'

/** `organizations.*`: what people do to an organization as a whole. */
export const organizationsRouter = router({
  /** It is gone with all projects, keys and sessions; `restore` brings it back within a day, then everything is removed. */
  delete: authorized
    .input(organizationInputSchema)
    .output(deletedOrganizationSchema)
    .mutation(({ ctx, input }) =>
      ctx.services.organizations.delete(authorizeOrganization(ctx.identity, input.organization), ctx.identity),
    ),

  restore: authorized
    .input(organizationInputSchema)
    .mutation(({ ctx, input }) =>
      ctx.services.organizations.restore(authorizeDeletedOrganization(ctx.identity, input.organization)),
    ),
})
