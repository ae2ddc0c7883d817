import * as z from 'zod'
import type { WandbContext } from '../context.ts'
import { requireEntity } from '../entity.ts'
import { resolver, type WandbModule } from '../module.ts'
import type { RunNode } from '../nodes.ts'

const keysSchema = z.object({ keys: z.array(z.string()).nullish() })

const rewindSchema = z.object({
  input: z.object({
    runName: z.string(),
    entityName: z.string().nullish(),
    projectName: z.string(),
    metricName: z.literal('_step', 'a run is rewound to a _step'),
    metricValue: z.number().int().nonnegative(),
  }),
})

const linesOf = ({ scope, run }: RunNode, { services }: WandbContext) => services.runs.lineCounts(scope, run)

/** The last line of a file of which nothing but its step and its runtime is read. */
const tail = (fields: Record<string, number>): string => JSON.stringify([JSON.stringify(fields)])

/**
 * What a process that is about to go on with a run asks of it: where its lines and steps go on. Asking for `wandbConfig` is what
 * tells such a process from others, and is remembered: the upsert that follows begins a writer of its own.
 */
export const resumeModule: WandbModule = {
  sdl: `
    extend type Run {
      historyLineCount: Int
      eventsLineCount: Int
      logLineCount: Int
      historyTail: JSONString
      eventsTail: JSONString
      wandbConfig(keys: [String]): JSONString
    }
    extend type Mutation { rewindRun(input: RewindRunInput!): RewindRunPayload }
    input RewindRunInput {
      runName: String!
      entityName: String
      projectName: String!
      metricName: String!
      metricValue: Float!
      clientMutationId: String
    }
    type RewindRunPayload { rewoundRun: Run clientMutationId: String }
  `,
  fields: {
    Mutation: {
      rewindRun: resolver(rewindSchema, async (_source, { input }, context) => {
        const { projectName: project, runName: run, metricValue: step } = input
        const organization = requireEntity(context, input.entityName)
        const { isNew: _isNew, ...rewound } = await context.services.runs.rewind(organization, { project, run, step })
        return { rewoundRun: rewound }
      }),
    },
    Run: {
      historyLineCount: async (node, _args, context) => node.historyLineCount ?? (await linesOf(node, context)).history,
      eventsLineCount: async (node, _args, context) => (await linesOf(node, context)).events,
      logLineCount: async (node, _args, context) => (await linesOf(node, context)).console,
      historyTail: ({ run }) =>
        run.lastStep === null ? '[]' : tail({ _step: run.lastStep, _runtime: run.runtimeMs / 1000 }),
      eventsTail: ({ run }) => tail({ _runtime: run.runtimeMs / 1000 }),
      wandbConfig: resolver(keysSchema, async ({ scope, run }: RunNode, { keys }, { services }) => {
        await services.runs.willResume(scope, run.slug)
        // Whatever run it is, it was begun: telemetry is what clients take for the sign of that.
        const internal = { t: {}, ...run.facts?.internal }
        const wanted = Object.entries(internal).filter(([key]) => !keys || keys.includes(key))
        return JSON.stringify(Object.fromEntries(wanted))
      }),
    },
  },
}
