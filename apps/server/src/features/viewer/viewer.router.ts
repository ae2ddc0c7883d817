import { viewerSchema } from '@kiroku/core/queries'
import { authorized, router } from '../../http/trpc.ts'

/** `viewer.*`: who asks. */
export const viewerRouter = router({
  me: authorized.output(viewerSchema).query(async ({ ctx: { identity, services } }) => {
    const homeId = await services.organizations.homeId()
    return {
      name: identity.name,
      email: identity.email,
      via: identity.via,
      organizations: identity.organizations.map(({ slug, name }) => ({ slug, name })),
      home: identity.organizations.find(({ id }) => id === homeId)?.slug ?? null,
      deletedOrganizations: services.organizations.restorable(identity),
    }
  }),
})
