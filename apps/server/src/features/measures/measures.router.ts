import { measuresAnswerSchema, measuresInputSchema } from '@kiroku/core/measures'
import { authorized, projectAt, router } from '../../http/trpc.ts'

/** `measures.*`: figures of runs that follow from all that they logged. */
export const measuresRouter = router({
  byRuns: authorized
    .input(measuresInputSchema)
    .output(measuresAnswerSchema)
    .query(async ({ ctx, input }) => ctx.services.measures.byRuns(await projectAt(ctx, input), input)),
})
