import type { WandbContext } from '../context.ts'
import type { WandbModule } from '../module.ts'
import { globalId } from '../nodes.ts'

/** Who asks. Clients take a null viewer for a key that is not valid, and older ones read `flags` as JSON in any case. */
export const viewerModule: WandbModule = {
  sdl: `
    extend type Query { viewer: User }
    type User {
      id: ID!
      name: String
      username: String
      email: String
      admin: Boolean
      entity: String
      flags: JSONString
      deletedAt: DateTime
      teams(first: Int, after: String): TeamConnection
      apiKeys: ApiKeyConnection
    }
    type TeamConnection { edges: [TeamEdge!]! }
    type TeamEdge { node: Team }
    type Team { name: String }
    type ApiKeyConnection { edges: [ApiKeyEdge!]! }
    type ApiKeyEdge { node: ApiKey }
    type ApiKey { id: ID! name: String description: String }
  `,
  fields: { Query: { viewer: (_source, _args, context) => describeViewer(context) } },
}

function describeViewer({ identity, organization }: WandbContext) {
  return {
    id: globalId('User', identity.userId),
    name: identity.name,
    username: identity.name,
    email: identity.email,
    admin: false,
    entity: organization.organization,
    flags: '{}',
    deletedAt: null,
    teams: { edges: identity.organizations.map(({ slug }) => ({ node: { name: slug } })) },
    apiKeys: { edges: [] },
  }
}
