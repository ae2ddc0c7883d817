import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import { resolver, type WandbModule } from '../module.ts'
import { readGlobalId } from '../nodes.ts'

const inputSchema = z.object({ input: z.object({ id: z.string(), deleteArtifacts: z.boolean().nullish() }) })

/**
 * Deletes a run, as people do in the dashboard: it can be restored there for a day. The versions of artifacts that it made go with
 * it, for good, where that is asked for.
 */
export const deleteRunModule: WandbModule = {
  sdl: `
    extend type Mutation { deleteRun(input: DeleteRunInput!): DeleteRunPayload }
    input DeleteRunInput { id: ID! deleteArtifacts: Boolean clientMutationId: String }
    type DeleteRunPayload { success: Boolean clientMutationId: String }
  `,
  fields: {
    Mutation: {
      deleteRun: resolver(inputSchema, async (_source, { input }, { organization, services }) => {
        const id = readGlobalId('Run', input.id)
        const found = id === undefined ? null : await services.runs.byId(organization, id)
        if (!found) throw new KirokuError({ code: 'NOT_FOUND', message: 'deleteRun: there is no run of this id' })
        // Before the run, so that whoever got no answer can ask for it again.
        if (input.deleteArtifacts) await services.artifacts.removeMadeBy(found.scope, found.run.slug)
        await services.runs.delete(found.scope, found.run.slug)
        return { success: true }
      }),
    },
  },
}
