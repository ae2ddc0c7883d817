import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import { resolver, type WandbModule } from '../module.ts'
import { readGlobalId } from '../nodes.ts'

const inputSchema = z.object({ input: z.object({ id: z.string() }) })

/** Deletes a run, as people do in the dashboard: it can be restored there for a day. */
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
        await services.runs.delete(found.scope, found.run.slug)
        return { success: true }
      }),
    },
  },
}
