import { projectPathSchema } from '@kiroku/core/projects'
import {
  createSweepInputSchema,
  sweepActionInputSchema,
  sweepAddressSchema,
  sweepDetailsSchema,
  sweepSchema,
} from '@kiroku/core/sweeps/sweeps'
import * as z from 'zod'
import { authorizeOrganization } from '../../http/scopes.ts'
import { authorized, projectAt, router } from '../../http/trpc.ts'

/** `sweeps.*`: searches for the values of parameters, and what people do to them. */
export const sweepsRouter = router({
  list: authorized
    .input(projectPathSchema)
    .output(z.array(sweepSchema))
    .query(async ({ ctx, input }) => ctx.services.sweeps.list(await projectAt(ctx, input))),

  byId: authorized
    .input(sweepAddressSchema)
    .output(sweepDetailsSchema)
    .query(async ({ ctx, input }) => ctx.services.sweeps.details(await projectAt(ctx, input), input.sweep)),

  create: authorized
    .input(createSweepInputSchema)
    .output(sweepSchema)
    .mutation(async ({ ctx, input }) => {
      const organization = authorizeOrganization(ctx.identity, input.organization)
      const scope = await ctx.services.projects.ensure(organization, input.project)
      return ctx.services.sweeps.create(scope, { document: input.config })
    }),

  act: authorized
    .input(sweepActionInputSchema)
    .output(sweepSchema)
    .mutation(async ({ ctx, input }) => {
      const scope = await projectAt(ctx, input)
      await ctx.services.sweeps.act(scope, input.sweep, input.action)
      return ctx.services.sweeps.byId(scope, input.sweep)
    }),
})
