import { runAddressSchema, runListInputSchema, runPageSchema, updateRunInputSchema } from '@kiroku/core/queries'
import { runRecordSchema } from '@kiroku/core/run-record'
import { createRunInputSchema, createRunResultSchema, runSchema } from '@kiroku/core/runs'
import { authorizeOnly } from '../../http/scopes.ts'
import { authorized, projectAt, router } from '../../http/trpc.ts'

/** `runs.*`: a writer's start, and what people do with runs. */
export const runsRouter = router({
  create: authorized
    .input(createRunInputSchema)
    .output(createRunResultSchema)
    .mutation(({ ctx, input }) => ctx.services.runStart.start(authorizeOnly(ctx.identity), input)),

  list: authorized
    .input(runListInputSchema)
    .output(runPageSchema)
    .query(async ({ ctx, input }) => ctx.services.runs.list(await projectAt(ctx, input), input)),

  byId: authorized
    .input(runAddressSchema)
    .output(runSchema)
    .query(async ({ ctx, input }) => ctx.services.runs.byId(await projectAt(ctx, input), input.run)),

  /** All that an export needs to know of a run beside its points, texts, lines and files. */
  record: authorized
    .input(runAddressSchema)
    .output(runRecordSchema)
    .query(async ({ ctx, input }) => ctx.services.runs.record(await projectAt(ctx, input), input.run)),

  update: authorized
    .input(updateRunInputSchema)
    .output(runSchema)
    .mutation(async ({ ctx, input }) => {
      const scope = await projectAt(ctx, input)
      await ctx.services.runs.update(scope, input.run, input)
      return ctx.services.runs.byId(scope, input.run)
    }),

  /** Asks the run's script to end, which it hears of by the next thing that it sends. */
  stop: authorized
    .input(runAddressSchema)
    .output(runSchema)
    .mutation(async ({ ctx, input }) => {
      const scope = await projectAt(ctx, input)
      await ctx.services.runs.askToStop(scope, input.run)
      return ctx.services.runs.byId(scope, input.run)
    }),

  /** The run is gone from every list; `restore` brings it back within a day, then its points are removed. */
  delete: authorized
    .input(runAddressSchema)
    .mutation(async ({ ctx, input }) => ctx.services.runs.delete(await projectAt(ctx, input), input.run)),

  restore: authorized
    .input(runAddressSchema)
    .output(runSchema)
    .mutation(async ({ ctx, input }) => {
      const scope = await projectAt(ctx, input)
      await ctx.services.runs.restore(scope, input.run)
      return ctx.services.runs.byId(scope, input.run)
    }),
})
