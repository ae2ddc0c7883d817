import { filePathSchema } from '@kiroku/core/files'
import * as z from 'zod'
import { uploadPath } from '../../wandb-routes.ts'
import { requireEntity } from '../entity.ts'
import { resolver, type WandbModule } from '../module.ts'
import { globalId } from '../nodes.ts'

/** The most files that are asked about at once. */
const maxFiles = 10_000

const inputSchema = z.object({
  input: z.object({
    entityName: z.string().nullish(),
    projectName: z.string(),
    runName: z.string(),
    files: z.array(z.string()).max(maxFiles),
  }),
})

/**
 * Tells where files are to be uploaded. The client that asks gets its own key back as a header of the uploads, for it sends none
 * by itself. A name that no file of a run may have gets no address, and the client passes over that file.
 */
export const runFilesModule: WandbModule = {
  sdl: `
    extend type Mutation { createRunFiles(input: CreateRunFilesInput!): CreateRunFilesPayload }
    input CreateRunFilesInput {
      entityName: String
      projectName: String!
      runName: String!
      files: [String!]!
      clientMutationId: String
    }
    type CreateRunFilesPayload { runID: ID uploadHeaders: [String!] files: [UploadFile!] clientMutationId: String }
    type UploadFile { name: String uploadUrl: String }
  `,
  fields: {
    Mutation: {
      createRunFiles: resolver(inputSchema, async (_source, { input }, context) => {
        const organization = requireEntity(context, input.entityName)
        const scope = await context.services.runs.requireProject(organization, input.projectName)
        const run = await context.services.runs.existing(scope, input.runName)
        const files = input.files.map((name) => {
          const isPath = filePathSchema.safeParse(name).success
          if (!isPath) context.log.warn({ run: run.slug, name }, 'a file name that cannot be stored')
          return { name, uploadUrl: isPath ? context.origin + uploadPath(scope, run.slug, name) : null }
        })
        // Older clients take what follows the colon for the value as it is, and refuse one that begins with a space.
        return { runID: globalId('Run', run.id), uploadHeaders: [`Authorization:${context.authorization}`], files }
      }),
    },
  },
}
