import { fromWireRecord } from '@kiroku/core/values'
import * as z from 'zod'
import type { ArtifactRun } from '../../../artifacts/index.ts'
import { artifactLinkPath } from '../../wandb-routes.ts'
import { connection, fileConnection, pageShape, tagNode, toCollectionNode, usingRuns } from '../artifact-nodes.ts'
import type { WandbContext } from '../context.ts'
import { resolver, type WandbModule } from '../module.ts'
import { type ArtifactNode, globalId, readGlobalId } from '../nodes.ts'
import { stringifyExtended } from '../run-documents.ts'

const isoTime = (ms: number): string => new Date(ms).toISOString()
const idSchema = z.object({ id: z.string() })
const filesSchema = z.object({ ...pageShape, names: z.array(z.string()).nullish() })
const entriesSchema = z.object({ entries: z.array(z.object({ name: z.string() })).max(100_000) })

async function runNode({ project, run }: ArtifactRun, { organization }: ArtifactNode, { services }: WandbContext) {
  const scope = await services.runs.requireProject(organization, project)
  return { __typename: 'Run', scope, run: await services.runs.existing(scope, run) }
}

/** One version of an artifact, by its id or by what its client called it. No artifact is removed for its age. */
export const artifactModule: WandbModule = {
  sdl: `
    extend type Query {
      artifact(id: ID!): Artifact
      clientIDMapping(clientID: ID!): ClientIDMapping
    }
    type ClientIDMapping { serverID: ID! }
    type Artifact {
      id: ID!
      artifactSequence: ArtifactSequence
      artifactType: ArtifactType
      versionIndex: Int
      description: String
      metadata: JSONString
      ttlDurationSeconds: Int64
      ttlIsInherited: Boolean
      tags: [Tag!]
      historyStep: Int64
      state: ArtifactState
      size: Int64
      digest: String
      digestAlgorithm: ArtifactDigestAlgorithm
      commitHash: String
      fileCount: Int
      createdAt: DateTime
      updatedAt: DateTime
      aliases: [ArtifactAlias!]
      currentManifest: ArtifactManifest
      files(names: [String!], after: String, first: Int): ArtifactFileConnection
      filesByManifestEntries(
        entries: [ArtifactManifestEntryInput!]
        storageLayout: String
        manifestVersion: String
        storageRegion: String
        after: String
        first: Int
      ): ArtifactFileConnection
      usedBy(after: String, first: Int): ArtifactRunConnection
      createdBy: ArtifactCreator
      artifactMemberships(after: String, first: Int): ArtifactCollectionMembershipConnection
    }
    enum ArtifactState { PENDING COMMITTED DELETED }
    enum ArtifactDigestAlgorithm { MANIFEST_MD5 MANIFEST_XXH128 }
    union ArtifactCreator = Run | User
    type ArtifactAlias { id: ID! alias: String! artifactCollectionName: String artifactCollection: ArtifactCollection }
    type Tag { id: ID! name: String! tagName: String }
    type ArtifactManifest { id: ID! digest: String file: ArtifactManifestFile }
    type ArtifactManifestFile { id: ID! name: String displayName: String uploadUrl: String uploadHeaders: [String!] directUrl: String }
    type ArtifactRunConnection { totalCount: Int edges: [ArtifactRunEdge!]! pageInfo: PageInfo! }
    type ArtifactRunEdge { node: Run cursor: String }
    type ArtifactFileConnection { totalCount: Int edges: [ArtifactFileEdge!]! pageInfo: PageInfo! }
    type ArtifactFileEdge { node: File cursor: String }
    input ArtifactManifestEntryInput { name: String! digest: String! birthArtifactID: ID size: Int64 }
  `,
  fields: {
    Query: {
      artifact: resolver(idSchema, async (_source, { id }, { organization, services }) => {
        const known = readGlobalId('Artifact', id)
        return known === undefined
          ? null
          : { organization, artifact: await services.artifacts.existing(organization, known) }
      }),
      clientIDMapping: resolver(
        z.object({ clientID: z.string() }),
        async (_source, { clientID }, { organization, services }) => {
          const artifact = await services.artifacts.byClientId(organization, clientID)
          return artifact && { serverID: globalId('Artifact', artifact.id) }
        },
      ),
    },
    Artifact: {
      id: ({ artifact }) => globalId('Artifact', artifact.id),
      artifactSequence: async ({ organization, artifact }, _args, { services }) => {
        const collection = await services.artifacts.collectionById(organization, artifact.collectionId)
        return collection && toCollectionNode(organization, collection)
      },
      artifactType: async ({ organization, artifact }, _args, { services }) => ({
        scope: await services.runs.requireProject(organization, artifact.project),
        type: artifact.type,
        createdAt: artifact.createdAt,
      }),
      versionIndex: ({ artifact }) => artifact.version,
      description: ({ artifact }) => artifact.description,
      metadata: ({ artifact }) => stringifyExtended(fromWireRecord(artifact.metadata)),
      ttlDurationSeconds: () => -2,
      ttlIsInherited: () => true,
      tags: ({ artifact }) => artifact.tags.map(tagNode),
      historyStep: ({ artifact }) => artifact.historyStep,
      state: ({ artifact }) => artifact.state.toUpperCase(),
      size: ({ artifact }) => artifact.size,
      digest: ({ artifact }) => artifact.digest,
      digestAlgorithm: () => 'MANIFEST_MD5',
      commitHash: ({ artifact }) => artifact.digest,
      fileCount: ({ artifact }) => artifact.fileCount,
      createdAt: ({ artifact }) => isoTime(artifact.createdAt),
      updatedAt: ({ artifact }) => isoTime(artifact.updatedAt),
      aliases: ({ organization, artifact }, _args, { services }) =>
        artifact.aliases.map(({ alias, collectionId, collection: artifactCollectionName }) => ({
          id: globalId('ArtifactCollection', `${collectionId}:${alias}`),
          alias,
          artifactCollectionName,
          artifactCollection: async () => {
            const collection = await services.artifacts.collectionById(organization, collectionId)
            return collection && toCollectionNode(organization, collection)
          },
        })),
      currentManifest: async ({ organization, artifact }, _args, { services, origin }) => {
        const manifest = await services.artifacts.manifest(artifact)
        if (!manifest) return null
        const link = { id: artifact.id, path: null, ...services.artifacts.sign(artifact, null) }
        const id = globalId('ArtifactManifest', manifest.id)
        const file = { id, name: 'wandb_manifest.json', directUrl: origin + artifactLinkPath(organization, link) }
        return { id, digest: manifest.md5, file }
      },
      files: resolver(filesSchema, fileConnection),
      filesByManifestEntries: resolver(entriesSchema, (node: ArtifactNode, { entries }, context) => {
        const names = entries.map(({ name }) => name)
        return names.length === 0
          ? connection([], { limit: 1, total: 0, cursorOf: () => '', nodeOf: () => null })
          : fileConnection(node, { names, first: names.length }, context)
      }),
      usedBy: resolver(z.object(pageShape), async (node: ArtifactNode, page, context) => {
        const found = await context.services.artifacts.usedBy([node.artifact])
        const used = found.get(node.artifact.id) ?? { runs: [], total: 0 }
        const { runs, start, limit } = usingRuns(used, page)
        return connection(runs, {
          limit,
          total: used.total,
          cursorOf: (_run, index) => String(start + index + 1),
          nodeOf: (run) => runNode(run, node, context),
        })
      }),
      createdBy: (node, _args, context) => node.artifact.createdBy && runNode(node.artifact.createdBy, node, context),
      artifactMemberships: async ({ organization, artifact }, _args, { services }) => {
        const members = await services.artifacts.memberships(organization, artifact)
        return connection(members, {
          limit: members.length + 1,
          total: members.length,
          cursorOf: (_member, index) => String(index + 1),
          nodeOf: (member) => ({ organization, member }),
        })
      },
    },
  },
}
