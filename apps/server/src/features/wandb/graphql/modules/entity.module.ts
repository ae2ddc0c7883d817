import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import { entityOf } from '../entity.ts'
import { resolver, type WandbModule } from '../module.ts'
import { globalId } from '../nodes.ts'

/** Organizations, as entities. One that is not the caller's is null, as one that does not exist. */
export const entityModule: WandbModule = {
  sdl: `
    extend type Query { entity(name: String): Entity }
    type Entity {
      id: ID!
      name: String!
      isTeam: Boolean
      organization: EntityOrganization
      user: EntityUser
      members: [EntityMember!]
    }
    type EntityMember { id: ID name: String }
    type EntityOrganization { id: ID name: String orgEntity: Entity coreWeaveOrganizationId: String }
    type EntityUser { organizations: [EntityOrganization!] }
  `,
  fields: {
    Query: {
      entity: resolver(z.object({ name: z.string().nullish() }), (_source, { name }, context) => {
        const scope = entityOf(context, name)
        return scope && { scope }
      }),
    },
    Entity: {
      id: ({ scope }) => globalId('Entity', scope.organizationId),
      name: ({ scope }) => scope.organization,
      isTeam: () => true,
      organization: () => null,
      // Where it is missing a client does not say in words that there is no registry.
      user: () => null,
      // Where it is missing a client cannot read the answer, and does not say why.
      members: () => {
        const message = 'Kiroku does not tell clients who belongs to an organization'
        throw new KirokuError({ code: 'BAD_REQUEST', message })
      },
    },
  },
}
