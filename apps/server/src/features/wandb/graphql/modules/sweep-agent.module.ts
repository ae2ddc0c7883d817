import { KirokuError } from '@kiroku/core/errors'
import { parseJson } from '@kiroku/core/json'
import * as z from 'zod'
import type { AgentCommand } from '../../../sweeps/index.ts'
import { parametersOf } from '../../sweeps/sweep-document.ts'
import { requireEntity } from '../entity.ts'
import { resolver, type WandbModule } from '../module.ts'
import { globalId, readGlobalId } from '../nodes.ts'
import { stringifyExtended } from '../run-documents.ts'

const createSchema = z.object({
  host: z.string().max(256),
  entityName: z.string().nullish(),
  projectName: z.string().nullish(),
  sweep: z.string(),
})
const runStateSchema = z.record(z.string(), z.unknown())

/** A command as agents read it; a run's parameters are a config of its own form. */
function commandDocument(command: AgentCommand): string {
  if (command.type === 'exit') return stringifyExtended({ type: 'exit' })
  if (command.type === 'stop') return stringifyExtended({ type: 'stop', run_id: command.run })
  const args = parametersOf(command.config)
  return command.program === null
    ? stringifyExtended({ type: 'run', run_id: command.run, args })
    : stringifyExtended({ type: 'run', run_id: command.run, args, program: command.program })
}

/** The runs that an agent says are going on. */
function runningIn(text: string | null | undefined): string[] {
  const parsed = runStateSchema.safeParse(text ? parseJson(text) : {})
  return Object.entries(parsed.data ?? {}).flatMap(([run, isRunning]) => (isRunning === true ? [run] : []))
}

/** Processes that ask a sweep for runs: they come, and then say every few seconds that they live. */
export const sweepAgentModule: WandbModule = {
  sdl: `
    extend type Mutation {
      createAgent(input: CreateAgentInput!): CreateAgentPayload
      agentHeartbeat(input: AgentHeartbeatInput!): AgentHeartbeatPayload
    }
    input CreateAgentInput {
      host: String!
      projectName: String
      entityName: String
      sweep: String!
      clientMutationId: String
    }
    type CreateAgentPayload { agent: Agent clientMutationId: String }
    input AgentHeartbeatInput { id: ID! metrics: JSONString runState: JSONString clientMutationId: String }
    type AgentHeartbeatPayload { agent: Agent commands: JSONString clientMutationId: String }
  `,
  fields: {
    Mutation: {
      createAgent: resolver(z.object({ input: createSchema }), async (_source, { input }, context) => {
        const organization = requireEntity(context, input.entityName)
        const { services } = context
        const scope = await services.runs.requireProject(organization, input.projectName || 'uncategorized')
        const id = await services.sweeps.register(scope, input.sweep, input.host)
        return { agent: { id: globalId('Agent', id), name: id, host: input.host } }
      }),

      agentHeartbeat: resolver(
        z.object({ input: z.object({ id: z.string(), runState: z.string().nullish() }) }),
        async (_source, { input }, { organization, services }) => {
          const id = readGlobalId('Agent', input.id)
          if (id === undefined)
            throw new KirokuError({ code: 'NOT_FOUND', message: 'agentHeartbeat: there is no agent of this id' })
          const commands = await services.sweeps.heartbeat(organization, id, runningIn(input.runState))
          return { agent: { id: input.id, name: id }, commands: `[${commands.map(commandDocument).join(',')}]` }
        },
      ),
    },
  },
}
