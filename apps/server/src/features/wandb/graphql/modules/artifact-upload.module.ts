import {
  artifactAliasSchema,
  artifactNameSchema,
  artifactPathSchema,
  artifactTypeSchema,
  md5Schema,
} from '@kiroku/core/artifacts'
import { KirokuError } from '@kiroku/core/errors'
import { runSlugSchema } from '@kiroku/core/ids'
import { parseExtendedRecord } from '@kiroku/wandb-format/extended-json'
import { toWireDocument } from '@kiroku/wandb-format/wire'
import * as z from 'zod'
import { artifactContentPath, artifactManifestPath } from '../../wandb-routes.ts'
import type { WandbContext } from '../context.ts'
import { requireEntity } from '../entity.ts'
import { resolver, type WandbModule } from '../module.ts'
import { globalId, requireGlobalId } from '../nodes.ts'

/** The most files that are asked about at once. */
const maxFiles = 10_000
/** The longest metadata, as JSON text. */
const maxMetadataLength = 4 * 1024 * 1024

/** What people tell of an artifact in JSON, where NaN is allowed. */
export const metadataSchema = z.string().max(maxMetadataLength, 'metadata has at most 4 MiB of JSON')
export const descriptionSchema = z.string().max(65_536)
export const tagsSchema = z.array(z.object({ tagName: z.string().min(1).max(128) })).max(64)

const createSchema = z.object({
  input: z.object({
    entityName: z.string().nullish(),
    projectName: z.string(),
    artifactTypeName: artifactTypeSchema,
    artifactCollectionName: artifactNameSchema.nullish(),
    artifactCollectionNames: z.array(artifactNameSchema).length(1).nullish(),
    runName: runSlugSchema.nullish(),
    digest: z.string().regex(/^[0-9a-f]{32}$/, 'the digest of an artifact is an MD5 in hexadecimal digits'),
    description: descriptionSchema.nullish(),
    metadata: metadataSchema.nullish(),
    aliases: z
      .array(z.object({ alias: artifactAliasSchema }))
      .max(128)
      .nullish(),
    tags: tagsSchema.nullish(),
    clientID: z.string().min(1).max(256).nullish(),
    distributedID: z.string().min(1).max(256).nullish(),
    historyStep: z.number().int().nullish(),
    ttlDurationSeconds: z.number().nullish(),
  }),
})

const kinds = { FULL: 'full', INCREMENTAL: 'incremental', PATCH: 'patch' } as const
const manifestSchema = z.object({
  input: z.object({
    artifactID: z.string(),
    baseArtifactID: z.string().nullish(),
    digest: z.string().max(128).nullish(),
    type: z.enum(['FULL', 'INCREMENTAL', 'PATCH']).nullish(),
  }),
})
const updateManifestSchema = z.object({
  input: z.object({
    artifactManifestID: z.string(),
    baseArtifactID: z.string().nullish(),
    digest: z.string().max(128).nullish(),
  }),
})
const filesSchema = z.object({
  input: z.object({
    artifactFiles: z
      .array(z.object({ artifactID: z.string(), name: artifactPathSchema, md5: md5Schema }))
      .max(maxFiles, `at most ${maxFiles} files are asked about at once`),
  }),
})
const commitSchema = z.object({ input: z.object({ artifactID: z.string() }) })

/** Uploads prove who sends them by the caller's own header, for clients send none by themselves. */
const headersOf = ({ authorization }: WandbContext): string[] => [`Authorization:${authorization}`]

const manifestNode = (context: WandbContext, id: string) => ({
  id: globalId('ArtifactManifest', id),
  file: {
    id: globalId('ArtifactManifest', id),
    name: 'wandb_manifest.json',
    uploadUrl: context.origin + artifactManifestPath(context.organization, id),
    uploadHeaders: headersOf(context),
  },
})

const baseOf = (id: string | null | undefined): string | null => (id ? requireGlobalId('Artifact', id) : null)

/**
 * How an artifact comes to be: it is announced, its contents that are not stored yet are uploaded, then the list of its files,
 * and then it is committed. All of it may be said again.
 */
export const artifactUploadModule: WandbModule = {
  sdl: `
    extend type Mutation {
      createArtifact(input: CreateArtifactInput!): CreateArtifactPayload
      createArtifactManifest(input: CreateArtifactManifestInput!): CreateArtifactManifestPayload
      updateArtifactManifest(input: UpdateArtifactManifestInput!): CreateArtifactManifestPayload
      createArtifactFiles(input: CreateArtifactFilesInput!): CreateArtifactFilesPayload
      commitArtifact(input: CommitArtifactInput!): CommitArtifactPayload
    }
    input CreateArtifactInput {
      aliases: [ArtifactAliasInput!]
      artifactCollectionName: String
      artifactCollectionNames: [String!]
      artifactTypeName: String
      clientID: ID
      clientMutationId: String
      description: String
      digest: String
      digestAlgorithm: ArtifactDigestAlgorithm
      distributedID: String
      enableDigestDeduplication: Boolean
      entityName: String
      historyStep: Int64
      labels: JSONString
      metadata: JSONString
      projectName: String
      runName: String
      sequenceClientID: ID
      storageRegion: String
      tags: [TagInput!]
      ttlDurationSeconds: Int64
    }
    input ArtifactAliasInput { artifactCollectionName: String alias: String! }
    input TagInput { tagName: String! tagCategoryName: String attributes: String }
    type CreateArtifactPayload { artifact: Artifact clientMutationId: String }
    enum ArtifactManifestType { FULL INCREMENTAL PATCH }
    input CreateArtifactManifestInput {
      artifactID: ID!
      baseArtifactID: ID
      name: String
      digest: String
      entityName: String
      projectName: String
      runName: String
      type: ArtifactManifestType
      clientMutationId: String
    }
    input UpdateArtifactManifestInput { artifactManifestID: ID! digest: String baseArtifactID: ID clientMutationId: String }
    type CreateArtifactManifestPayload { artifactManifest: ArtifactManifest clientMutationId: String }
    enum ArtifactStorageLayout { V1 V2 }
    input CreateArtifactFilesInput {
      artifactFiles: [CreateArtifactFileSpecInput!]!
      storageLayout: ArtifactStorageLayout
      digestAlgorithm: ArtifactDigestAlgorithm
      cloudRegionID: ID
      clientMutationId: String
    }
    input CreateArtifactFileSpecInput {
      artifactID: ID!
      artifactManifestID: ID
      name: String!
      md5: String!
      digest: String
      mimetype: String
      uploadPartsInput: [UploadPartsInput!]
    }
    input UploadPartsInput { partNumber: Int64 hexMD5: String }
    enum CompleteMultipartAction { Complete Abort }
    type CreateArtifactFilesPayload { files: UploadedFileConnection clientMutationId: String }
    type UploadedFileConnection { edges: [UploadedFileEdge!]! }
    type UploadedFileEdge { node: UploadedFile }
    type UploadedFile {
      id: ID!
      name: String
      displayName: String
      storagePath: String
      uploadUrl: String
      uploadHeaders: [String!]
      uploadMultipartUrls: UploadMultipartUrls
      artifact: Artifact
    }
    type UploadMultipartUrls { uploadID: String uploadUrlParts: [UploadUrlPart!] }
    type UploadUrlPart { partNumber: Int64 uploadUrl: String }
    input CommitArtifactInput { artifactID: ID! clientMutationId: String }
    type CommitArtifactPayload { artifact: Artifact clientMutationId: String }
  `,
  fields: {
    Mutation: {
      createArtifact: resolver(createSchema, async (_source, { input }, context) => {
        const { services, log } = context
        const organization = requireEntity(context, input.entityName)
        const scope = await services.runs.requireProject(organization, input.projectName)
        const name = input.artifactCollectionName ?? input.artifactCollectionNames?.[0]
        if (!name)
          throw new KirokuError({ code: 'BAD_REQUEST', message: 'createArtifact: artifactCollectionName is missing' })
        if (input.ttlDurationSeconds && input.ttlDurationSeconds > 0)
          log.warn({ artifact: name }, 'an artifact came with a time to live: it stays until somebody deletes it')
        const { id } = await services.artifacts.create(scope, {
          name,
          type: input.artifactTypeName,
          digest: input.digest,
          description: input.description || null,
          metadata: input.metadata ? toWireDocument(parseExtendedRecord(input.metadata)) : {},
          aliases: (input.aliases ?? []).map(({ alias }) => alias),
          tags: (input.tags ?? []).map(({ tagName }) => tagName),
          run: input.runName ?? null,
          clientId: input.clientID ?? null,
          distributedId: input.distributedID ?? null,
          historyStep: input.historyStep ?? null,
        })
        return { artifact: { organization, artifact: await services.artifacts.existing(organization, id) } }
      }),

      createArtifactManifest: resolver(manifestSchema, async (_source, { input }, context) => {
        const { id } = await context.services.artifacts.addManifest(context.organization, {
          artifactId: requireGlobalId('Artifact', input.artifactID),
          kind: kinds[input.type ?? 'FULL'],
          baseArtifactId: baseOf(input.baseArtifactID),
          md5: input.digest || null,
        })
        return { artifactManifest: manifestNode(context, id) }
      }),

      updateArtifactManifest: resolver(updateManifestSchema, async (_source, { input }, context) => {
        const id = requireGlobalId('ArtifactManifest', input.artifactManifestID)
        const set = { md5: input.digest || null, baseArtifactId: baseOf(input.baseArtifactID) }
        await context.services.artifacts.updateManifest(context.organization, id, set)
        return { artifactManifest: manifestNode(context, id) }
      }),

      createArtifactFiles: resolver(filesSchema, async (_source, { input }, context) => {
        const { organization, services, origin } = context
        const ids = [...new Set(input.artifactFiles.map(({ artifactID }) => artifactID))]
        const artifacts = new Map<string, object>()
        for (const id of ids) {
          const artifact = await services.artifacts.existing(organization, requireGlobalId('Artifact', id))
          artifacts.set(id, { organization, artifact })
        }
        const stored = await services.artifacts.stored(
          organization,
          input.artifactFiles.map(({ md5 }) => md5),
        )
        const edges = input.artifactFiles.map(({ artifactID, name, md5 }) => ({
          node: {
            id: Buffer.from(`File:${artifactID}:${name}`).toString('base64'),
            name,
            displayName: name,
            storagePath: name,
            uploadUrl: stored.has(md5) ? null : origin + artifactContentPath(organization, md5),
            uploadHeaders: headersOf(context),
            uploadMultipartUrls: null,
            artifact: artifacts.get(artifactID),
          },
        }))
        return { files: { edges } }
      }),

      commitArtifact: resolver(commitSchema, async (_source, { input }, { organization, services }) => {
        const id = requireGlobalId('Artifact', input.artifactID)
        return { artifact: { organization, artifact: await services.artifacts.commit(organization, id) } }
      }),
    },
  },
}
