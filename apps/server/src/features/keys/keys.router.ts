import {
  apiKeyInfoSchema,
  createdKeySchema,
  createKeyInputSchema,
  keyListInputSchema,
  revokeKeyInputSchema,
} from '@kiroku/core/queries'
import * as z from 'zod'
import { authorizeOrganization } from '../../http/scopes.ts'
import { authorized, router } from '../../http/trpc.ts'

/** `keys.*`: the API keys of an organization. */
export const keysRouter = router({
  list: authorized
    .input(keyListInputSchema)
    .output(z.array(apiKeyInfoSchema))
    .query(({ ctx, input }) => ctx.services.keys.list(authorizeOrganization(ctx.identity, input.organization))),

  create: authorized
    .input(createKeyInputSchema)
    .output(createdKeySchema)
    .mutation(({ ctx, input }) =>
      ctx.services.keys.create(authorizeOrganization(ctx.identity, input.organization), input.name),
    ),

  revoke: authorized.input(revokeKeyInputSchema).mutation(async ({ ctx, input }) => {
    await ctx.services.keys.revoke(authorizeOrganization(ctx.identity, input.organization), input.id)
    ctx.services.identities.forget()
  }),
})
