import { KirokuError, parseInput } from '@kiroku/core/errors'
import { projectNameSchema } from '@kiroku/core/ids'
import { parseJson } from '@kiroku/core/json'
import type { SweepAction } from '@kiroku/core/sweeps/sweeps'
import * as z from 'zod'
import type { OrganizationScope, ProjectScope } from '../../../../http/scopes.ts'
import { readSweepDocument } from '../../sweeps/sweep-document.ts'
import type { WandbContext } from '../context.ts'
import { requireEntity } from '../entity.ts'
import { resolver, type WandbModule } from '../module.ts'
import { readGlobalId, type SweepNode } from '../nodes.ts'

const text = z.string().nullish()
const inputSchema = z.object({
  id: text,
  entityName: text,
  projectName: projectNameSchema.or(z.literal('')).nullish(),
  config: text,
  displayName: z.string().max(256).nullish(),
  state: z.enum(['PENDING', 'RUNNING', 'PAUSED', 'FINISHED', 'CANCELED']).nullish(),
  priorRunsFilters: text,
  launchScheduler: text,
  scheduler: text,
})
type Input = z.infer<typeof inputSchema>

/** The project of a sweep that names none, as the client itself calls it. */
const defaultProject = 'uncategorized'

const actions: Readonly<Record<string, SweepAction>> = {
  RUNNING: 'resume',
  PAUSED: 'pause',
  FINISHED: 'stop',
  CANCELED: 'cancel',
}

/** Runs that a sweep takes in are asked for by their names. */
const priorRunsSchema = z.object({ $or: z.array(z.object({ name: z.string() })) })

async function upsert(input: Input, context: WandbContext): Promise<SweepNode> {
  if (input.launchScheduler || (input.scheduler && input.scheduler !== 'null'))
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: 'upsertSweep: Kiroku has no launch jobs and schedulers; run agents by wandb agent',
    })
  const organization = requireEntity(context, input.entityName)
  return input.id ? changed(organization, input.id, input, context) : made(organization, input, context)
}

async function made(organization: OrganizationScope, input: Input, { services }: WandbContext): Promise<SweepNode> {
  if (!input.config) throw new KirokuError({ code: 'BAD_REQUEST', message: 'upsertSweep: a new sweep needs a config' })
  const document = readSweepDocument(input.config)
  const prior = input.priorRunsFilters
    ? parseInput(priorRunsSchema, parseJson(input.priorRunsFilters), 'priorRuns')
    : null
  const scope = await services.runs.ensureProject(organization, input.projectName || defaultProject)
  const sweep = await services.sweeps.create(scope, {
    document,
    displayName: input.displayName ?? null,
    priorRuns: prior?.$or.map(({ name }) => name) ?? [],
  })
  return { scope, sweep }
}

async function changed(
  organization: OrganizationScope,
  globalId: string,
  { config, displayName, state }: Input,
  { services }: WandbContext,
): Promise<SweepNode> {
  const id = readGlobalId('Sweep', globalId)
  const place = id === undefined ? null : await services.sweeps.place(organization, id)
  if (!place) throw new KirokuError({ code: 'NOT_FOUND', message: 'upsertSweep: there is no sweep of this id' })
  const scope: ProjectScope = await services.runs.requireProject(organization, place.project)
  if (config)
    await services.sweeps.change(scope, place.sweep, {
      document: readSweepDocument(config),
      displayName: displayName ?? null,
    })
  const action = state ? actions[state] : undefined
  if (action) await services.sweeps.act(scope, place.sweep, action)
  return { scope, sweep: await services.sweeps.byId(scope, place.sweep) }
}

/** Sweeps are made, given another config, paused, resumed and ended by one operation. */
export const upsertSweepModule: WandbModule = {
  sdl: `
    extend type Mutation { upsertSweep(input: UpsertSweepInput!): UpsertSweepPayload }
    input UpsertSweepInput {
      id: ID
      config: String
      description: String
      entityName: String
      projectName: String
      controller: JSONString
      scheduler: JSONString
      launchScheduler: JSONString
      templateVariableValues: JSONString
      state: String
      priorRunsFilters: JSONString
      displayName: String
      clientMutationId: String
    }
    type UpsertSweepPayload { sweep: Sweep configValidationWarnings: [String!]! clientMutationId: String }
  `,
  fields: {
    Mutation: {
      upsertSweep: resolver(z.object({ input: inputSchema }), async (_source, { input }, context) => ({
        sweep: await upsert(input, context),
        configValidationWarnings: [],
      })),
    },
  },
}
