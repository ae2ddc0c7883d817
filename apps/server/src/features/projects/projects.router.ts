import {
  deletedProjectSchema,
  expiringInputSchema,
  expiringSchema,
  projectPathSchema,
  projectSchema,
  restoreProjectInputSchema,
  updateProjectInputSchema,
} from '@kiroku/core/projects'
import { projectListInputSchema } from '@kiroku/core/queries'
import * as z from 'zod'
import { authorizeAll, authorizeOrganization } from '../../http/scopes.ts'
import { authorized, projectAt, router } from '../../http/trpc.ts'

/** `projects.*`: what there is to look at, and what people do to a project as a whole. */
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
    .query(async ({ ctx, input }) => ctx.services.projects.summary(await projectAt(ctx, input))),

  update: authorized
    .input(updateProjectInputSchema)
    .output(projectSchema)
    .mutation(async ({ ctx, input }) => {
      const project = await ctx.services.projectChanges.update(await projectAt(ctx, input), input.set)
      return ctx.services.projects.summary(await projectAt(ctx, { ...input, project }))
    }),

  expiring: authorized
    .input(expiringInputSchema)
    .output(expiringSchema)
    .query(async ({ ctx, input }) =>
      ctx.services.projectChanges.expiring(await projectAt(ctx, input), input.retentionDays),
    ),

  /** The project and all of its runs are gone; `restore` brings them back within a day, then they are removed. */
  delete: authorized
    .input(projectPathSchema)
    .output(deletedProjectSchema)
    .mutation(async ({ ctx, input }) => ctx.services.projectChanges.delete(await projectAt(ctx, input))),

  restore: authorized
    .input(restoreProjectInputSchema)
    .output(projectSchema)
    .mutation(async ({ ctx, input }) => {
      const organization = authorizeOrganization(ctx.identity, input.organization)
      const project = await ctx.services.projectChanges.restore(organization, input.id)
      return ctx.services.projects.summary(await projectAt(ctx, { ...input, project }))
    }),
})
