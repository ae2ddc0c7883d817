import { KirokuError, parseInput } from '@kiroku/core/errors'
import { isLiveState } from '@kiroku/core/runs'
import type { SweepAgent, SweepRun } from '@kiroku/core/sweeps/sweeps'
import * as z from 'zod'
import type { ProjectScope } from '../../../../http/scopes.ts'
import { parametersOf, writeSweepDocument } from '../../sweeps/sweep-document.ts'
import type { WandbContext } from '../context.ts'
import { resolver, type WandbModule } from '../module.ts'
import { globalId, type ProjectNode, type SweepNode } from '../nodes.ts'
import { pageOf, pageSchema } from '../pages.ts'
import { stringifyExtended } from '../run-documents.ts'

const isoTime = (ms: number): string => new Date(ms).toISOString()

async function findSweep({ scope }: ProjectNode, { sweepName }: { sweepName: string }, { services }: WandbContext) {
  try {
    return { scope, sweep: await services.sweeps.byId(scope, sweepName) }
  } catch (error) {
    if (error instanceof KirokuError && error.code === 'NOT_FOUND') return null
    throw error
  }
}

const agentRunsSchema = pageSchema.extend({ order: z.literal('+created_at').nullish() })

/** A page of the runs that an agent began. */
async function runsOf(scope: ProjectScope, agent: SweepAgent, asked: unknown, { services }: WandbContext) {
  const page = pageOf(await services.sweeps.runsOf(scope, agent.id), parseInput(agentRunsSchema, asked, 'runs'))
  return {
    ...page,
    edges: page.edges.map(({ node, cursor }) => ({
      cursor,
      node: async () => ({ scope, run: await services.runs.existing(scope, node) }),
    })),
  }
}

const agentNode = (scope: ProjectScope, agent: SweepAgent) => ({
  id: globalId('Agent', agent.id),
  name: agent.id,
  host: agent.host,
  state: { live: 'RUNNING', gone: 'DISCONNECTED', exited: 'FINISHED' }[agent.state],
  totalRuns: agent.runCount,
  createdAt: isoTime(agent.createdAt),
  heartbeatAt: isoTime(agent.heartbeatAt),
  runs: (asked: unknown, context: WandbContext) => runsOf(scope, agent, asked, context),
})

/** A run as its sweep knows it: its config has the parameters alone. */
const runNode = ({ run, displayName, state, config }: SweepRun) => ({
  name: run,
  displayName,
  state,
  config: stringifyExtended(parametersOf(config)),
  running: isLiveState(state),
  failed: state === 'failed' || state === 'crashed',
  stopped: state === 'killed',
})

const agentsOf = async ({ scope, sweep }: SweepNode, { services }: WandbContext) =>
  (await services.sweeps.details(scope, sweep.slug)).agents

/** Sweeps as the protocol shows them; `best_run` and `runs` of its clients ask for runs by their sweep. */
export const sweepModule: WandbModule = {
  sdl: `
    extend type Project {
      sweep(sweepName: String!): Sweep
      sweeps(first: Int, after: String): SweepConnection
      totalSweeps: Int!
    }
    type SweepConnection { edges: [SweepEdge!]! pageInfo: PageInfo! totalCount: Int! }
    type SweepEdge { node: Sweep! cursor: String! }
    type Sweep {
      id: ID!
      name: String!
      displayName: String
      method: String
      state: String!
      description: String
      config: String!
      createdAt: DateTime!
      updatedAt: DateTime
      heartbeatAt: DateTime
      bestLoss: Float
      runCount: Int!
      runCountExpected: Float
      earlyStopJobRunning: Boolean
      controller: JSONString
      scheduler: JSONString
      project: Project
      runs: SweepRunConnection!
      agent(agentName: String!): Agent
      agents: AgentConnection!
    }
    type SweepRunConnection { edges: [SweepRunEdge!]! }
    type SweepRunEdge { node: SweepRun! }
    type SweepRun {
      name: String!
      displayName: String
      state: String!
      config: JSONString
      running: Boolean
      failed: Boolean
      stopped: Boolean
    }
    type AgentConnection { edges: [AgentEdge!]! }
    type AgentEdge { node: Agent! }
    type Agent {
      id: ID!
      name: String!
      host: String
      state: String
      totalRuns: Int
      createdAt: DateTime
      heartbeatAt: DateTime
      runs(first: Int, after: String, order: String): RunConnection
    }
  `,
  fields: {
    Project: {
      sweep: resolver(z.object({ sweepName: z.string() }), findSweep),
      sweeps: resolver(pageSchema, async ({ scope }, page, { services }) =>
        pageOf(
          (await services.sweeps.list(scope)).map((sweep) => ({ scope, sweep })),
          page,
        ),
      ),
      totalSweeps: async ({ scope }, _args, { services }) => (await services.sweeps.list(scope)).length,
    },
    Sweep: {
      id: ({ sweep }) => globalId('Sweep', sweep.id),
      name: ({ sweep }) => sweep.slug,
      displayName: ({ sweep }) => sweep.displayName,
      method: ({ sweep }) => sweep.config['method'],
      state: ({ sweep }) => sweep.state.toUpperCase(),
      description: ({ sweep }) => sweep.description,
      config: ({ sweep }) => writeSweepDocument(sweep.config),
      createdAt: ({ sweep }) => isoTime(sweep.createdAt),
      updatedAt: ({ sweep }) => isoTime(sweep.updatedAt),
      heartbeatAt: ({ sweep }) => isoTime(sweep.updatedAt),
      bestLoss: ({ sweep }) => sweep.best?.value ?? null,
      runCount: ({ sweep }) => sweep.runCount,
      runCountExpected: ({ sweep }) => sweep.expectedRuns,
      earlyStopJobRunning: ({ sweep }) => sweep.config['early_terminate'] !== undefined,
      controller: () => null,
      scheduler: () => null,
      project: ({ scope }) => ({ scope }),
      runs: async ({ scope, sweep }, _args, { services }) => {
        const { runs } = await services.sweeps.details(scope, sweep.slug)
        return { edges: runs.map((run) => ({ node: runNode(run) })) }
      },
      agent: resolver(z.object({ agentName: z.string() }), async (node: SweepNode, { agentName }, context) => {
        const agents = await agentsOf(node, context)
        const found = agents.find(({ id }) => id === agentName || globalId('Agent', id) === agentName)
        return found ? agentNode(node.scope, found) : null
      }),
      agents: async (node, _args, context) => ({
        edges: (await agentsOf(node, context)).map((agent) => ({ node: agentNode(node.scope, agent) })),
      }),
    },
  },
}
