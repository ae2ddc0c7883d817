import { consoleInputSchema, consolePageSchema } from '@kiroku/core/queries'
import { authorized, projectAt, router } from '../../http/trpc.ts'

/** `console.*`: what runs printed. */
export const consoleRouter = router({
  byRun: authorized
    .input(consoleInputSchema)
    .output(consolePageSchema)
    .query(async ({ ctx, input }) => ctx.services.console.page(await projectAt(ctx, input), input)),
})
