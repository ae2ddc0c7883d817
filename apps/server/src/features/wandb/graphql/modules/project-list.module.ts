import { KirokuError, parseInput } from '@kiroku/core/errors'
import { projectNameSchema } from '@kiroku/core/ids'
import * as z from 'zod'
import { entityOf, requireEntity } from '../entity.ts'
import { resolver, type WandbModule } from '../module.ts'
import type { ProjectNode } from '../nodes.ts'

const maxPage = 1000

const listSchema = z.object({
  entityName: z.string().nullish(),
  after: z.string().nullish(),
  first: z.number().int().min(1).max(maxPage, `a page has at most ${maxPage} projects: per_page`).nullish(),
})
const upsertSchema = z.object({
  input: z.object({
    id: z.string().nullish(),
    name: z.string().nullish(),
    entityName: z.string().nullish(),
    description: z.string().nullish(),
  }),
})

/** Projects by pages, in the order of their names, and how one is made. */
export const projectListModule: WandbModule = {
  sdl: `
    extend type Query { models(entityName: String, after: String, first: Int): ProjectConnection }
    type ProjectConnection { edges: [ProjectEdge!]! pageInfo: PageInfo! }
    type ProjectEdge { node: Project! cursor: String }
    extend type Project { createdAt: DateTime isBenchmark: Boolean description: String access: String user: User }
    extend type Mutation { upsertModel(input: UpsertModelInput!): UpsertModelPayload }
    input UpsertModelInput {
      id: String
      name: String
      entityName: String
      description: String
      repo: String
      framework: String
      access: String
      views: JSONString
      isBenchmark: Boolean
      isPublished: Boolean
      dockerImage: String
      linkedBenchmark: ID
      owner: ID
      ownerType: String
      clientMutationId: String
    }
    type UpsertModelPayload { project: Project model: Project inserted: Boolean clientMutationId: String }
  `,
  fields: {
    Query: {
      models: resolver(listSchema, async (_source, { entityName, after, first }, context) => {
        const organization = entityOf(context, entityName)
        if (!organization) return { edges: [], pageInfo: { endCursor: null, hasNextPage: false } }
        const { projects } = context.services
        const names = (await projects.list([organization])).map(({ name }) => name).sort()
        const left = names.filter((name) => !after || name > after)
        const page = left.slice(0, first ?? 50)
        const edges = await Promise.all(
          page.map(async (name) => ({ node: { scope: await projects.byName(organization, name) }, cursor: name })),
        )
        return { edges, pageInfo: { endCursor: page.at(-1) ?? null, hasNextPage: left.length > page.length } }
      }),
    },
    Project: {
      createdAt: async ({ scope }: ProjectNode, _args, { services }) =>
        new Date((await services.projects.summary(scope)).createdAt).toISOString(),
      isBenchmark: () => false,
      description: () => '',
      access: () => 'PRIVATE',
      user: () => null,
    },
    Mutation: {
      upsertModel: resolver(upsertSchema, async (_source, { input }, context) => {
        if (input.id)
          throw new KirokuError({ code: 'BAD_REQUEST', message: 'upsertModel: projects are changed in the dashboard' })
        const organization = requireEntity(context, input.entityName)
        const name = parseInput(projectNameSchema, input.name, 'upsertModel')
        const known = await context.services.runs.project(organization, name)
        const project = { scope: known ?? (await context.services.projects.ensure(organization, name)) }
        return { project, model: project, inserted: known === null }
      }),
    },
  },
}
