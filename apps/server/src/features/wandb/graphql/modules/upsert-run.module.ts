import * as z from 'zod'
import { upsertInputSchema } from '../../runs/upsert-input.ts'
import { requireEntity } from '../entity.ts'
import { resolver, type WandbModule } from '../module.ts'
import { readGlobalId } from '../nodes.ts'

/** A process makes a run, begins to write to it or changes it; people change it by its id alone. */
export const upsertRunModule: WandbModule = {
  sdl: `
    extend type Mutation { upsertBucket(input: UpsertBucketInput!): UpsertBucketPayload }
    input UpsertBucketInput {
      id: String
      name: String
      groupName: String
      modelName: String
      entityName: String
      description: String
      displayName: String
      notes: String
      config: JSONString
      commit: String
      host: String
      debug: Boolean
      jobProgram: String
      jobRepo: String
      jobType: String
      state: String
      sweep: String
      tags: [String!]
      summaryMetrics: JSONString
      clientMutationId: String
    }
    type UpsertBucketPayload {
      bucket: Run
      inserted: Boolean
      clientMutationId: String
      serverSettings: ServerSettings
    }
  `,
  fields: {
    Mutation: {
      upsertBucket: resolver(z.object({ input: upsertInputSchema }), async (_source, { input }, context) => {
        const organization = requireEntity(context, input.entityName)
        const id = input.id ? readGlobalId('Run', input.id) : undefined
        const { isNew, ...bucket } = await context.services.runs.upsert(organization, { ...input, id }, context.client)
        return { bucket, inserted: isNew, serverSettings: { serverMessages: [] } }
      }),
    },
  },
}
