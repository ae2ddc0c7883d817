import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import type { ArtifactsService, StoredCollection } from '../../../artifacts/index.ts'
import {
  connection,
  fileConnection,
  pageOf,
  pageShape,
  parseVersionName,
  tagNode,
  toCollectionNode,
  versionEdges,
} from '../artifact-nodes.ts'
import type { WandbContext } from '../context.ts'
import { type Resolver, resolver, type WandbModule } from '../module.ts'
import {
  type ArtifactTypeNode,
  type CollectionNode,
  globalId,
  type MembershipNode,
  type ProjectNode,
  readGlobalId,
} from '../nodes.ts'

const isoTime = (ms: number): string => new Date(ms).toISOString()
const nameSchema = z.object({ name: z.string() })
const pageSchema = z.object(pageShape)
const versionsSchema = z.object({ ...pageShape, order: z.string().nullish(), filters: z.string().nullish() })
const filesSchema = z.object({ ...pageShape, names: z.array(z.string()).nullish() })

/** Clients ask for committed versions, as all are that can be seen, and may ask for tags: each of the list must be there. */
const filterSchema = z
  .strictObject({
    $and: z.array(z.strictObject({ tag: z.string() })).default([]),
    tags: z.array(z.string()).default([]),
    state: z.literal('COMMITTED').optional(),
  })
  .transform(({ $and, tags }) => [...tags, ...$and.map(({ tag }) => tag)])

function tagsOf(filters: string | null | undefined): string[] {
  if (!filters) return []
  try {
    return filterSchema.parse(JSON.parse(filters))
  } catch (cause) {
    const message = `Kiroku filters versions by tags, not by ${filters}`
    throw new KirokuError({ code: 'BAD_REQUEST', message, cause })
  }
}

async function ofProject(
  { scope }: ProjectNode | ArtifactTypeNode,
  name: string,
  { services }: WandbContext,
): Promise<MembershipNode['member'] | null> {
  const asked = parseVersionName(name)
  return services.artifacts.version(scope, asked.name, asked.version)
}

async function byName(node: ProjectNode | ArtifactTypeNode, { name }: { name: string }, context: WandbContext) {
  const collection = await context.services.artifacts.collection(node.scope, name)
  const isWanted = collection && (!('type' in node) || collection.type === node.type)
  return isWanted ? toCollectionNode(context.organization, collection) : null
}

/** Clients filter and order collections of servers that say they can do that, which Kiroku does not. */
const collectionsSchema = pageSchema.extend({
  filters: z.null('Kiroku does not filter collections').optional(),
  order: z.null('Kiroku does not order collections').optional(),
})

async function byType(node: ProjectNode | ArtifactTypeNode, asked: z.infer<typeof pageSchema>, context: WandbContext) {
  const page = pageOf(asked)
  const type = 'type' in node ? node.type : null
  const { collections, total } = await context.services.artifacts.collections(node.scope, { type, ...page })
  return collectionConnection(collections, { total, limit: page.limit }, context)
}

const collectionConnection = (
  collections: readonly StoredCollection[],
  { total, limit }: { total: number; limit: number },
  { organization }: WandbContext,
) =>
  connection(collections, {
    limit,
    total,
    cursorOf: ({ name }) => name,
    nodeOf: (collection) => toCollectionNode(organization, collection),
  })

const findMember = (
  artifacts: ArtifactsService,
  scope: ProjectNode['scope'],
  { name }: StoredCollection,
  alias: string,
) => artifacts.version(scope, name, alias)

/** What sequences and portfolios have alike. */
const collectionFields: Readonly<Record<string, Resolver<CollectionNode>>> = {
  id: ({ collection }) => globalId('ArtifactCollection', collection.collectionId),
  name: ({ collection }) => collection.name,
  description: ({ collection }) => collection.description,
  createdAt: ({ collection }) => isoTime(collection.createdAt),
  updatedAt: ({ collection }) => isoTime(collection.latest?.at ?? collection.createdAt),
  state: () => 'READY',
  project: async ({ organization, collection }, _args, { services }) => ({
    scope: await services.runs.requireProject(organization, collection.project),
  }),
  defaultArtifactType: async ({ organization, collection }, _args, { services }) => ({
    scope: await services.runs.requireProject(organization, collection.project),
    type: collection.type,
    createdAt: collection.createdAt,
  }),
  tags: ({ collection }) => ({ edges: collection.tags.map((tag) => ({ node: tagNode(tag) })) }),
  aliases: resolver(pageSchema, async ({ organization, collection }: CollectionNode, _page, { services }) => {
    const { versions } = await services.artifacts.versions(organization, collection, { limit: 10_000 })
    const aliases = versions.flatMap((member) => member.aliases)
    return connection(aliases, {
      limit: aliases.length + 1,
      total: aliases.length,
      cursorOf: (alias) => alias,
      nodeOf: (alias) => ({ id: globalId('ArtifactCollection', `${collection.collectionId}:${alias}`), alias }),
    })
  }),
  artifacts: resolver(versionsSchema, async ({ organization, collection }: CollectionNode, asked, { services }) => {
    const page = pageOf(asked)
    const isAscending = Boolean(asked.order) && !asked.order?.startsWith('-')
    const tags = tagsOf(asked.filters)
    const found = await services.artifacts.versions(organization, collection, { ...page, isAscending, tags })
    return versionEdges(organization, found, page.limit)
  }),
  artifactMembership: resolver(
    z.object({ aliasName: z.string() }),
    async ({ organization, collection }: CollectionNode, { aliasName }, { services }) => {
      const scope = await services.runs.requireProject(organization, collection.project)
      const member = await findMember(services.artifacts, scope, collection, aliasName)
      return member && { organization, member }
    },
  ),
}

const ofCollections = `
      id: ID!
      name: String!
      description: String
      createdAt: DateTime
      updatedAt: DateTime
      state: String
      project: Project
      defaultArtifactType: ArtifactType
      tags: TagConnection
      aliases(after: String, first: Int): ArtifactAliasConnection
      artifacts(after: String, first: Int, order: String, filters: JSONString): VersionedArtifactConnection
      artifactMembership(aliasName: String!): ArtifactCollectionMembership`

/** Artifacts by project, type and name. A sequence has the versions that runs log; a portfolio those that are linked to it. */
export const artifactCollectionsModule: WandbModule = {
  sdl: `
    extend type Query { artifactCollection(id: ID!): ArtifactCollection }
    extend type Project {
      artifact(name: String!, enableTracking: Boolean): Artifact
      artifactCollection(name: String!): ArtifactCollection
      artifactCollections(after: String, first: Int, filters: JSONString, order: String): ArtifactCollectionConnection
      artifactCollectionMembership(name: String!): ArtifactCollectionMembership
      artifactType(name: String!): ArtifactType
      artifactTypes(after: String, first: Int, includeAll: Boolean): ArtifactTypeConnection
    }
    type ArtifactType {
      id: ID!
      name: String!
      description: String
      createdAt: DateTime
      artifact(name: String!): Artifact
      artifactCollection(name: String!): ArtifactCollection
      artifactCollections(after: String, first: Int): ArtifactCollectionConnection
      artifactSequence(name: String!): ArtifactCollection
      artifactSequences(after: String, first: Int): ArtifactCollectionConnection
    }
    interface ArtifactCollection {
      ${ofCollections}
    }
    type ArtifactSequence implements ArtifactCollection {
      ${ofCollections}
      latestArtifact: Artifact
      digestAlgorithm: ArtifactDigestAlgorithm
    }
    type ArtifactPortfolio implements ArtifactCollection {
      ${ofCollections}
    }
    type ArtifactCollectionMembership {
      id: ID!
      versionIndex: Int
      createdAt: DateTime
      aliases: [ArtifactAlias!]
      artifactCollection: ArtifactCollection
      artifact: Artifact
      files(names: [String!], after: String, first: Int): ArtifactFileConnection
    }
    type ArtifactCollectionMembershipConnection {
      totalCount: Int
      edges: [ArtifactCollectionMembershipEdge!]!
      pageInfo: PageInfo!
    }
    type ArtifactCollectionMembershipEdge { node: ArtifactCollectionMembership cursor: String }
    type ArtifactTypeConnection { totalCount: Int edges: [ArtifactTypeEdge!]! pageInfo: PageInfo! }
    type ArtifactTypeEdge { node: ArtifactType cursor: String }
    type ArtifactCollectionConnection { totalCount: Int edges: [ArtifactCollectionEdge!]! pageInfo: PageInfo! }
    type ArtifactCollectionEdge { node: ArtifactCollection cursor: String }
    type VersionedArtifactConnection { totalCount: Int edges: [VersionedArtifactEdge!]! pageInfo: PageInfo! }
    type VersionedArtifactEdge { node: Artifact version: String cursor: String }
    type ArtifactAliasConnection { totalCount: Int edges: [ArtifactAliasEdge!]! pageInfo: PageInfo! }
    type ArtifactAliasEdge { node: ArtifactAlias cursor: String }
    type TagConnection { edges: [TagEdge!]! }
    type TagEdge { node: Tag cursor: String }
  `,
  fields: {
    Query: {
      artifactCollection: resolver(
        z.object({ id: z.string() }),
        async (_source, { id }, { organization, services }) => {
          const collectionId = readGlobalId('ArtifactCollection', id)
          const found = collectionId && (await services.artifacts.collectionById(organization, collectionId))
          return found ? toCollectionNode(organization, found) : null
        },
      ),
    },
    Project: {
      artifact: resolver(nameSchema, async (node: ProjectNode, { name }, context) => {
        const member = await ofProject(node, name, context)
        return member && { organization: context.organization, artifact: member.artifact }
      }),
      artifactCollection: resolver(nameSchema, byName),
      artifactCollections: resolver(collectionsSchema, byType),
      artifactCollectionMembership: resolver(nameSchema, async (node: ProjectNode, { name }, context) => {
        const member = await ofProject(node, name, context)
        return member && { organization: context.organization, member }
      }),
      artifactType: resolver(nameSchema, async ({ scope }: ProjectNode, { name }, { services }) => {
        const known = (await services.artifacts.types(scope)).find(({ type }) => type === name)
        return known ? { scope, ...known } : null
      }),
      artifactTypes: async ({ scope }, _args, { services }) => {
        const types = await services.artifacts.types(scope)
        return connection(types, {
          limit: types.length + 1,
          total: types.length,
          cursorOf: ({ type }) => type,
          nodeOf: (type) => ({ scope, ...type }),
        })
      },
    },
    ArtifactType: {
      id: ({ scope, type }) => Buffer.from(`ArtifactType:${scope.projectId}:${type}`).toString('base64'),
      name: ({ type }) => type,
      description: () => null,
      createdAt: ({ createdAt }) => isoTime(createdAt),
      artifact: resolver(nameSchema, async (node: ArtifactTypeNode, { name }, context) => {
        const member = await ofProject(node, name, context)
        const isWanted = member?.collection.type === node.type
        return isWanted ? { organization: context.organization, artifact: member.artifact } : null
      }),
      artifactCollection: resolver(nameSchema, byName),
      artifactSequence: resolver(nameSchema, async (node: ArtifactTypeNode, asked, context) => {
        const found = await byName(node, asked, context)
        return found?.__typename === 'ArtifactSequence' ? found : null
      }),
      artifactCollections: resolver(pageSchema, byType),
      artifactSequences: resolver(pageSchema, byType),
    },
    ArtifactSequence: {
      ...collectionFields,
      latestArtifact: async ({ organization, collection }, _args, { services }) =>
        collection.latest && {
          organization,
          artifact: await services.artifacts.existing(organization, collection.latest.id),
        },
      digestAlgorithm: () => 'MANIFEST_MD5',
    },
    ArtifactPortfolio: collectionFields,
    ArtifactCollectionMembership: {
      id: ({ member }) => globalId('ArtifactCollection', `${member.collection.collectionId}:v${member.version}`),
      versionIndex: ({ member }) => member.version,
      createdAt: ({ member }) => isoTime(member.createdAt),
      aliases: ({ member }) =>
        member.aliases.map((alias) => ({
          id: globalId('ArtifactCollection', `${member.collection.collectionId}:${alias}`),
          alias,
        })),
      artifactCollection: ({ organization, member }) => toCollectionNode(organization, member.collection),
      artifact: ({ organization, member }) => ({ organization, artifact: member.artifact }),
      files: resolver(filesSchema, ({ organization, member }: MembershipNode, asked, context) =>
        fileConnection({ organization, artifact: member.artifact }, asked, context),
      ),
    },
  },
}
