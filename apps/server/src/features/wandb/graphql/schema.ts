import { KirokuError } from '@kiroku/core/errors'
import { buildSchema, type GraphQLSchema, isObjectType } from 'graphql'
import type { WandbModule } from './module.ts'
import { pagesSdl } from './pages.ts'
import { scalarsSdl } from './scalars.ts'

const roots = `
  type Query
  type Mutation
`

/**
 * One schema of all modules. Throws INTERNAL when a module resolves a field that no module declares, or two resolve the same,
 * so that a server with such a slip does not start.
 */
export function composeSchema(modules: readonly WandbModule[]): GraphQLSchema {
  const schema = buildSchema([scalarsSdl, pagesSdl, roots, ...modules.map(({ sdl }) => sdl)].join('\n'))
  const taken = new Set<string>()
  for (const { fields } of modules) {
    for (const [typeName, resolvers] of Object.entries(fields)) {
      const type = schema.getType(typeName)
      const declared = isObjectType(type) ? type.getFields() : {}
      for (const [name, resolve] of Object.entries(resolvers)) {
        const field = declared[name]
        const path = `${typeName}.${name}`
        if (field === undefined || taken.has(path))
          throw new KirokuError({ code: 'INTERNAL', message: `${path} of the GraphQL schema is not declared once` })
        taken.add(path)
        field.resolve = resolve
      }
    }
  }
  return schema
}
