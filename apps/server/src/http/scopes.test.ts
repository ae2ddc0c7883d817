import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const source = fileURLToPath(new URL('..', import.meta.url))
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('generated'),
)
const naming = (name: string): string[] =>
  files
    .filter((file) => readFileSync(join(source, file), 'utf8').includes(name))
    .map((file) => relative('.', file))
    .sort()

/** Where requests come in: tRPC's routers, routes, and what tells who a `wandb` client is, by a signed link too, and whom its GraphQL names. */
const atTheEdge =
  /\.(router|route)\.ts$|^http\/(scopes|trpc)\.ts$|^features\/wandb\/(files\/download-links|graphql\/entity|wandb-caller)\.ts$/

describe('a scope', () => {
  it('of a project is made by the lookup of projects alone', () => {
    expect(naming('projectScopeOf')).toEqual(['features/projects/projects.repository.ts', 'http/scopes.ts'])
  })

  it('of an organization is made from an identity by routers, routes and resolvers alone, never by a service or a repository', () => {
    for (const name of ['authorizeOrganization', 'authorizeAll', 'authorizeOnly'])
      expect(naming(name).filter((file) => !atTheEdge.test(file))).toEqual([])
  })
})
