import * as z from 'zod'
import { requireEntity } from '../entity.ts'
import { resolver, type WandbModule } from '../module.ts'

const inputSchema = z.object({
  input: z.object({
    entityName: z.string().nullish(),
    projectName: z.string(),
    runName: z.string(),
    title: z.string().max(1024),
    text: z.string().max(8192),
    severity: z.enum(['INFO', 'WARN', 'ERROR']).nullish(),
    /** Milliseconds. */
    waitDuration: z.union([z.number(), z.string().transform(Number)]).nullish(),
  }),
})

/** An alert of a script: nobody is sent it, it is a line of the run's console. */
export const alertModule: WandbModule = {
  sdl: `
    extend type Mutation {
      notifyScriptableRunAlert(input: NotifyScriptableRunAlertInput!): NotifyScriptableRunAlertPayload
    }
    enum AlertSeverity { INFO WARN ERROR }
    input NotifyScriptableRunAlertInput {
      entityName: String
      projectName: String!
      runName: String!
      title: String!
      text: String!
      severity: AlertSeverity
      waitDuration: Duration
      clientMutationId: String
    }
    type NotifyScriptableRunAlertPayload { success: Boolean clientMutationId: String }
  `,
  fields: {
    Mutation: {
      notifyScriptableRunAlert: resolver(inputSchema, async (_source, { input }, context) => {
        const { runName: run, title, text, severity, waitDuration } = input
        const organization = requireEntity(context, input.entityName)
        const scope = await context.services.runs.requireProject(organization, input.projectName)
        const alert = { title, text, severity: severity ?? 'INFO', waitMs: waitDuration ?? 0 }
        await context.services.alerts.tell({ organization, scope, run, client: context.client }, alert)
        return { success: true }
      }),
    },
  },
}
