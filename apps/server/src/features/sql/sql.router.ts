import { projectPathSchema } from '@kiroku/core/projects'
import { sqlEntriesSchema } from '@kiroku/core/sql'
import { authorized, projectAt, router } from '../../http/trpc.ts'

/** `sql.*`: what a query can name. Queries themselves are a route, which can be given up. */
export const sqlRouter = router({
  entries: authorized
    .input(projectPathSchema)
    .output(sqlEntriesSchema)
    .query(async ({ ctx, input }) => ctx.services.sql.entries(await projectAt(ctx, input))),
})
