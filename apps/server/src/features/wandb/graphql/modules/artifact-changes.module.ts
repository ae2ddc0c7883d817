import { artifactAliasSchema, artifactNameSchema } from '@kiroku/core/artifacts'
import { KirokuError } from '@kiroku/core/errors'
import { runSlugSchema } from '@kiroku/core/ids'
import { parseExtendedRecord } from '@kiroku/wandb-format/extended-json'
import { toWireDocument } from '@kiroku/wandb-format/wire'
import * as z from 'zod'
import type { WandbContext } from '../context.ts'
import { requireEntity } from '../entity.ts'
import { resolver, type WandbModule } from '../module.ts'
import { requireGlobalId } from '../nodes.ts'
import { descriptionSchema, metadataSchema, tagsSchema } from './artifact-upload.module.ts'

const artifactSchema = z.object({ artifactID: z.string() })

const useSchema = z.object({
  input: artifactSchema.extend({
    entityName: z.string().nullish(),
    projectName: z.string(),
    runName: runSlugSchema,
    usedAs: z.string().max(256).nullish(),
  }),
})
const aliasesSchema = z.object({
  input: artifactSchema.extend({
    aliases: z
      .array(
        z.object({
          entityName: z.string().nullish(),
          projectName: z.string(),
          artifactCollectionName: z.string(),
          alias: artifactAliasSchema,
        }),
      )
      .max(128),
  }),
})
const updateSchema = z.object({
  input: artifactSchema.extend({
    description: descriptionSchema.nullish(),
    metadata: metadataSchema.nullish(),
    tagsToAdd: tagsSchema.nullish(),
    tagsToDelete: tagsSchema.nullish(),
    ttlDurationSeconds: z.number().nullish(),
  }),
})
const deleteSchema = z.object({ input: artifactSchema.extend({ deleteAliases: z.boolean().nullish() }) })
const linkSchema = z.object({
  input: z.object({
    artifactID: z.string().nullish(),
    clientID: z.string().nullish(),
    entityName: z.string().nullish(),
    projectName: z.string().nullish(),
    artifactPortfolioName: artifactNameSchema,
    aliases: z
      .array(z.object({ alias: artifactAliasSchema }))
      .max(128)
      .nullish(),
  }),
})
const unlinkSchema = z.object({ input: artifactSchema.extend({ artifactPortfolioID: z.string() }) })

type NamedAliases = z.infer<typeof aliasesSchema>['input']['aliases']

async function aliasesOf(aliases: NamedAliases, context: WandbContext) {
  const found = []
  for (const { entityName, projectName, artifactCollectionName: collection, alias } of aliases) {
    const organization = requireEntity(context, entityName)
    found.push({ project: await context.services.runs.requireProject(organization, projectName), collection, alias })
  }
  return found
}

const tagNames = (tags: z.infer<typeof tagsSchema> | null | undefined): string[] =>
  (tags ?? []).map(({ tagName }) => tagName)

/** What happens to artifacts once they are there: runs use them, people name, describe, link and delete them. */
export const artifactChangesModule: WandbModule = {
  sdl: `
    extend type Mutation {
      useArtifact(input: UseArtifactInput!): UseArtifactPayload
      addAliases(input: AddAliasesInput!): SuccessPayload
      deleteAliases(input: DeleteAliasesInput!): SuccessPayload
      updateArtifact(input: UpdateArtifactInput!): UpdateArtifactPayload
      deleteArtifact(input: DeleteArtifactInput!): DeleteArtifactPayload
      linkArtifact(input: LinkArtifactInput!): LinkArtifactPayload
      unlinkArtifact(input: UnlinkArtifactInput!): UnlinkArtifactPayload
    }
    input UseArtifactInput {
      artifactID: ID!
      entityName: String
      projectName: String!
      runName: String!
      usedAs: String
      artifactEntityName: String
      artifactProjectName: String
      clientMutationId: String
    }
    type UseArtifactPayload { artifact: Artifact clientMutationId: String }
    input ArtifactCollectionAliasInput {
      entityName: String
      projectName: String!
      artifactCollectionName: String!
      alias: String!
    }
    input AddAliasesInput { artifactID: ID! aliases: [ArtifactCollectionAliasInput!]! clientMutationId: String }
    input DeleteAliasesInput { artifactID: ID! aliases: [ArtifactCollectionAliasInput!]! clientMutationId: String }
    type SuccessPayload { success: Boolean clientMutationId: String }
    input UpdateArtifactInput {
      artifactID: ID!
      description: String
      metadata: JSONString
      labels: JSONString
      aliases: [ArtifactAliasInput!]
      tagsToAdd: [TagInput!]
      tagsToDelete: [TagInput!]
      ttlDurationSeconds: Int64
      clientMutationId: String
    }
    type UpdateArtifactPayload { artifact: Artifact clientMutationId: String }
    input DeleteArtifactInput { artifactID: ID! deleteAliases: Boolean clientMutationId: String }
    type DeleteArtifactPayload { artifact: Artifact clientMutationId: String }
    input LinkArtifactInput {
      artifactID: ID
      clientID: ID
      artifactPortfolioID: ID
      artifactPortfolioName: String
      entityName: String
      projectName: String
      aliases: [ArtifactAliasInput!]
      clientMutationId: String
    }
    type LinkArtifactPayload {
      versionIndex: Int
      artifactMembership: ArtifactCollectionMembership
      clientMutationId: String
    }
    input UnlinkArtifactInput { artifactID: ID! artifactPortfolioID: ID! clientMutationId: String }
    type UnlinkArtifactPayload { artifactID: ID success: Boolean clientMutationId: String }
  `,
  fields: {
    Mutation: {
      useArtifact: resolver(useSchema, async (_source, { input }, context) => {
        const { services, organization } = context
        const scope = await services.runs.requireProject(requireEntity(context, input.entityName), input.projectName)
        const id = requireGlobalId('Artifact', input.artifactID)
        await services.artifacts.use(scope, input.runName, id, input.usedAs ?? null)
        return { artifact: { organization, artifact: await services.artifacts.existing(organization, id) } }
      }),

      addAliases: resolver(aliasesSchema, async (_source, { input }, context) => {
        const id = requireGlobalId('Artifact', input.artifactID)
        await context.services.artifacts.setAliases(context.organization, id, await aliasesOf(input.aliases, context))
        return { success: true }
      }),

      deleteAliases: resolver(aliasesSchema, async (_source, { input }, context) => {
        const id = requireGlobalId('Artifact', input.artifactID)
        await context.services.artifacts.removeAliases(
          context.organization,
          id,
          await aliasesOf(input.aliases, context),
        )
        return { success: true }
      }),

      updateArtifact: resolver(updateSchema, async (_source, { input }, { organization, services }) => {
        if (input.ttlDurationSeconds && input.ttlDurationSeconds > 0)
          throw new KirokuError({
            code: 'BAD_REQUEST',
            message: 'ttl: Kiroku deletes no artifact for its age; delete it when you need it no more',
          })
        const id = requireGlobalId('Artifact', input.artifactID)
        await services.artifacts.update(organization, id, {
          description: input.description ?? undefined,
          metadata: input.metadata ? toWireDocument(parseExtendedRecord(input.metadata)) : undefined,
          addedTags: tagNames(input.tagsToAdd),
          removedTags: tagNames(input.tagsToDelete),
        })
        return { artifact: { organization, artifact: await services.artifacts.existing(organization, id) } }
      }),

      deleteArtifact: resolver(deleteSchema, async (_source, { input }, { organization, services }) => {
        const id = requireGlobalId('Artifact', input.artifactID)
        const artifact = await services.artifacts.existing(organization, id)
        await services.artifacts.remove(organization, id, input.deleteAliases === true)
        return { artifact: { organization, artifact } }
      }),

      linkArtifact: resolver(linkSchema, async (_source, { input }, context) => {
        const { organization, services } = context
        const entity = requireEntity(context, input.entityName)
        const artifact = input.artifactID
          ? await services.artifacts.existing(organization, requireGlobalId('Artifact', input.artifactID))
          : await services.artifacts.byClientId(organization, input.clientID ?? '')
        if (!artifact) throw new KirokuError({ code: 'NOT_FOUND', message: 'linkArtifact: there is no such artifact' })
        const scope = await services.runs.ensureProject(entity, input.projectName || artifact.project)
        const aliases = (input.aliases ?? []).map(({ alias }) => alias)
        await services.artifacts.link(scope, artifact.id, input.artifactPortfolioName, aliases)
        const linked = await services.artifacts.existing(organization, artifact.id)
        const members = await services.artifacts.memberships(organization, linked)
        const member = members.find(
          ({ collection }) =>
            collection.name === input.artifactPortfolioName && collection.projectId === scope.projectId,
        )
        return { versionIndex: member?.version ?? null, artifactMembership: member && { organization, member } }
      }),

      unlinkArtifact: resolver(unlinkSchema, async (_source, { input }, { organization, services }) => {
        const id = requireGlobalId('Artifact', input.artifactID)
        const portfolio = requireGlobalId('ArtifactCollection', input.artifactPortfolioID)
        await services.artifacts.unlink(organization, id, portfolio)
        return { artifactID: input.artifactID, success: true }
      }),
    },
  },
}
