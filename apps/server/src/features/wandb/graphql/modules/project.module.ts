import * as z from 'zod'
import type { WandbContext } from '../context.ts'
import { entityOf } from '../entity.ts'
import { resolver, type WandbModule } from '../module.ts'
import { globalId, numericId, type ProjectNode } from '../nodes.ts'

const nameSchema = z.object({ name: z.string().nullish(), entityName: z.string().nullish() })
const runNameSchema = z.object({ name: z.string() })

const findProject = resolver(nameSchema, async (_source: undefined, { name, entityName }, context) => {
  const organization = entityOf(context, entityName)
  const scope = organization && name ? await context.services.runs.project(organization, name) : null
  return scope && { scope }
})

async function findRun({ scope }: ProjectNode, { name }: { name: string }, { services }: WandbContext) {
  const run = await services.runs.find(scope, name)
  return run && { scope, run }
}

/** Projects, which the protocol calls models in its older operations, and their runs, which were buckets. */
export const projectModule: WandbModule = {
  sdl: `
    extend type Query {
      project(name: String, entityName: String): Project
      model(name: String, entityName: String): Project
    }
    type Project {
      id: ID!
      internalId: ID
      name: String!
      entityName: String!
      entity: Entity!
      run(name: String!): Run
      bucket(name: String!, missingOk: Boolean): Run
    }
  `,
  fields: {
    Query: { project: findProject, model: findProject },
    Project: {
      id: ({ scope }) => globalId('Project', scope.projectId),
      name: ({ scope }) => scope.project,
      entityName: ({ scope }) => scope.organization,
      entity: ({ scope }) => ({ scope }),
      run: resolver(runNameSchema, findRun),
      bucket: resolver(runNameSchema, findRun),
      internalId: ({ scope }) => numericId(scope.projectId),
    },
  },
}
