import { viewerSchema } from '@kiroku/core/queries'
import { authorized, router } from '../../http/trpc.ts'

/** `viewer.*`: who asks. */
export const viewerRouter = router({
  me: authorized.output(viewerSchema).query(({ ctx: { identity } }) => ({
    name: identity.name,
    email: identity.email,
    via: identity.via,
    organizations: identity.organizations.map(({ slug, name }) => ({ slug, name })),
  })),
})
