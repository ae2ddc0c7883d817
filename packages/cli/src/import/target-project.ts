import { KirokuError, parseInput } from '@kiroku/core/errors'
import { projectNameSchema } from '@kiroku/core/ids'
import type { ServerClient } from '../server-client.ts'

/**
 * The project that `project` or `organization/project` names. A key writes to its own organization alone: throws FORBIDDEN
 * when another one is named.
 */
export async function projectOfKey(client: ServerClient, text: string): Promise<string> {
  const parts = text.split('/')
  const [organization] = parts.length === 2 ? parts : []
  const project = parseInput(projectNameSchema, organization === undefined ? text : parts[1], 'project')
  if (organization === undefined) return project
  const { organizations } = await client.viewer()
  if (organizations.some(({ slug }) => slug === organization)) return project
  const own = organizations.map(({ slug }) => slug).join(', ')
  throw new KirokuError({
    code: 'FORBIDDEN',
    message: `the key for ${client.url} writes to ${own}, not to ${organization}; name a project of it, or use another key`,
  })
}
