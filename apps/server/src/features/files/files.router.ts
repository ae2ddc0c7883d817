import { fileListSchema, offeredFilesSchema, offerFilesInputSchema, runAddressSchema } from '@kiroku/core/queries'
import { authorizeOnly } from '../../http/scopes.ts'
import { authorized, projectAt, router } from '../../http/trpc.ts'

/** `files.*`: which contents are to be uploaded, and which files a run has. */
export const filesRouter = router({
  offer: authorized
    .input(offerFilesInputSchema)
    .output(offeredFilesSchema)
    .mutation(({ ctx, input }) => ctx.services.files.offer(authorizeOnly(ctx.identity), input.hashes)),

  list: authorized
    .input(runAddressSchema)
    .output(fileListSchema)
    .query(async ({ ctx, input }) => ctx.services.files.list(await projectAt(ctx, input), input.run)),
})
