import {
  organizationUsageInputSchema,
  organizationUsageSchema,
  projectUsageInputSchema,
  runUsagePageSchema,
} from '@kiroku/core/usage'
import { authorizeOrganization } from '../../http/scopes.ts'
import { authorized, projectAt, router } from '../../http/trpc.ts'

/** `usage.*`: what takes how much room. */
export const usageRouter = router({
  byOrganization: authorized
    .input(organizationUsageInputSchema)
    .output(organizationUsageSchema)
    .query(({ ctx, input }) =>
      ctx.services.usage.byOrganization(authorizeOrganization(ctx.identity, input.organization)),
    ),

  byProject: authorized
    .input(projectUsageInputSchema)
    .output(runUsagePageSchema)
    .query(async ({ ctx, input }) => ctx.services.usage.byProject(await projectAt(ctx, input), input)),
})
