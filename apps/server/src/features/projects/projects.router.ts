import { projectPathSchema, projectSchema } from '@kiroku/core/projects'
import { projectListInputSchema } from '@kiroku/core/queries'
import * as z from 'zod'
import { authorizeAll, authorizeOrganization } from '../../http/scopes.ts'
import { authorized, router } from '../../http/trpc.ts'

/** `projects.*`: what there is to look at. */
export const projectsRouter = router({
  list: authorized
    .input(projectListInputSchema)
    .output(z.array(projectSchema))
    .query(({ ctx, input }) =>
      ctx.services.projects.list(
        input.organization === undefined
          ? authorizeAll(ctx.identity)
          : [authorizeOrganization(ctx.identity, input.organization)],
      ),
    ),

  byPath: authorized
    .input(projectPathSchema)
    .output(projectSchema)
    .query(async ({ ctx, input }) => {
      const scope = await ctx.services.projects.byName(
        authorizeOrganization(ctx.identity, input.organization),
        input.project,
      )
      return ctx.services.projects.summary(scope)
    }),
})
