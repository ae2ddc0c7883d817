import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'
import { resolver, type WandbModule } from '../module.ts'
import { readGlobalId } from '../nodes.ts'

/** Asks a run's script to end: it hears of it when it next sends lines. */
export const stopRunModule: WandbModule = {
  sdl: `
    extend type Mutation { stopRun(input: StopRunInput!): StopRunPayload }
    input StopRunInput { id: ID! clientMutationId: String }
    type StopRunPayload { success: Boolean clientMutationId: String }
  `,
  fields: {
    Mutation: {
      stopRun: resolver(
        z.object({ input: z.object({ id: z.string() }) }),
        async (_source, { input }, { organization, services }) => {
          const id = readGlobalId('Run', input.id)
          const found = id === undefined ? null : await services.runs.byId(organization, id)
          if (!found) throw new KirokuError({ code: 'NOT_FOUND', message: 'stopRun: there is no run of this id' })
          await services.runs.askToStop(found.scope, found.run.slug)
          return { success: true }
        },
      ),
    },
  },
}
