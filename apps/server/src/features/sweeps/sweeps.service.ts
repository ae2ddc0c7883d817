import { KirokuError } from '@kiroku/core/errors'
import { expectedRuns, readSweepConfig } from '@kiroku/core/sweeps/next-point'
import { maxSweepConfigLength, type SweepDocument } from '@kiroku/core/sweeps/sweep-config'
import type { Sweep } from '@kiroku/core/sweeps/sweeps'
import type { MetricStore } from '@kiroku/metric-store'
import type { OrganizationScope, ProjectScope } from '../../http/scopes.ts'
import type { AgentCommand } from './agent-commands.ts'
import type { AgentsRepository, DueRun } from './agents.repository.ts'
import type { SweepRow } from './sweep-rows.ts'
import type { SweepContent, SweepsRepository } from './sweeps.repository.ts'

/** Sweeps and their agents. */
export type SweepsService = Pick<SweepsRepository, 'act' | 'list' | 'byId' | 'details' | 'place'> & {
  /** Throws BAD_REQUEST for a config that cannot be searched. `priorRuns` that there are become its first runs. */
  create(
    scope: ProjectScope,
    given: { document: SweepDocument; displayName?: string | null; priorRuns?: readonly string[] },
  ): Promise<Sweep>
  /** Gives a sweep another config. What is searched stays once runs were handed out: CONFLICT otherwise. */
  change(
    scope: ProjectScope,
    slug: string,
    given: { document: SweepDocument; displayName?: string | null },
  ): Promise<Sweep>
  /** Takes an agent in, and answers its id. Throws NOT_FOUND. */
  register(scope: ProjectScope, sweep: string, host: string): Promise<string>
  /** An agent lives, with these runs going on: what it does next. Throws NOT_FOUND. */
  heartbeat(scope: OrganizationScope, agent: string, running: readonly string[]): Promise<readonly AgentCommand[]>
  /** The runs that an agent began, in the order in which they were made. */
  runsOf(scope: ProjectScope, agent: string): Promise<string[]>
}

export type SweepsOptions = {
  sweeps: SweepsRepository
  agents: AgentsRepository
  store: Pick<MetricStore, 'points'>
}

export function createSweepsService({ sweeps, agents, store }: SweepsOptions): SweepsService {
  return {
    act: (scope, slug, action) => sweeps.act(scope, slug, action),
    list: (scope) => sweeps.list(scope),
    byId: (scope, slug) => sweeps.byId(scope, slug),
    details: (scope, slug) => sweeps.details(scope, slug),
    place: (scope, id) => sweeps.place(scope, id),

    async create(scope, { document, displayName = null, priorRuns = [] }) {
      const slug = await sweeps.create(scope, contentOf(document, displayName), priorRuns)
      return sweeps.byId(scope, slug)
    },

    async change(scope, slug, { document, displayName = null }) {
      await sweeps.change(scope, slug, contentOf(document, displayName), (before) =>
        requireSameSearch(before, document),
      )
      return sweeps.byId(scope, slug)
    },

    runsOf: (scope, agent) => agents.runs(scope, agent),
    register: (scope, sweep, host) => agents.create(scope, sweep, host),

    async heartbeat(scope, agent, running) {
      const due = running.length > 0 ? await agents.due(scope, agent) : []
      if (due.length > 0) {
        const found = await Promise.all(
          due.map(async (run) => ({ trial: run.trial, bands: await bestByBand(store, run) })),
        )
        await agents.saveBands(scope, agent, found)
      }
      return agents.heartbeat(scope, agent, running)
    },
  }
}

function contentOf(document: SweepDocument, displayName: string | null): SweepContent {
  const length = JSON.stringify(document).length
  if (length > maxSweepConfigLength)
    throw new KirokuError({
      code: 'TOO_LARGE',
      message: `sweep config: it has ${length} characters as JSON, at most ${maxSweepConfigLength} are taken`,
    })
  const config = readSweepConfig(document)
  return { document, config, expectedRuns: expectedRuns(config), displayName }
}

function requireSameSearch({ slug, issued, config }: SweepRow, document: SweepDocument): void {
  if (issued === 0) return
  const changed = ['method', 'parameters'].filter(
    (key) => JSON.stringify(sorted(config[key])) !== JSON.stringify(sorted(document[key])),
  )
  if (changed.length === 0) return
  throw new KirokuError({
    code: 'CONFLICT',
    message: `the sweep ${slug} has handed out ${issued} runs: its ${changed.join(' and ')} cannot change; make a new sweep`,
  })
}

/** The same value with the keys of its records in one order, as PostgreSQL keeps them in an order of its own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]): [string, unknown] => [key, sorted(inner)])
      .sort(([left], [right]) => (left < right ? -1 : 1)),
  )
}

/** The best finite value among a run's first so many, for each band that is due; where all are not finite the worst that there is. */
async function bestByBand(
  store: Pick<MetricStore, 'points'>,
  { project, run, metric, goal, due }: DueRun,
): Promise<Record<string, number>> {
  const last = Math.max(...due)
  const bands: Record<string, number> = {}
  const sign = goal === 'minimize' ? 1 : -1
  let best = Number.MAX_VALUE
  let seen = 0
  for await (const { values } of store.points({ project, run, stream: 'history', metric, limit: last }))
    for (const value of values) {
      if (Number.isFinite(value)) best = Math.min(best, sign * value)
      if (due.includes(++seen)) bands[seen] = sign * best
    }
  return bands
}
