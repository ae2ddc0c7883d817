import { KirokuError, parseInput } from '@kiroku/core/errors'
import { projectNameSchema } from '@kiroku/core/ids'
import { type RunAddress, runAddressSchema } from '@kiroku/core/queries'
import { type RunName, readRunName } from '@kiroku/core/run-names'
import type { ServerClient } from './server-client.ts'

/**
 * Reads `id`, `project:id`, `project/id`, `organization/project:id` or `organization/project/id`; a dashboard's address of
 * the run is read too. Throws BAD_REQUEST for anything else.
 */
export function parseRunName(text: string): RunName {
  const path = URL.canParse(text) && /^https?:/.test(text) ? pathOfPage(text) : text
  const named = readRunName(path)
  if (named) return named
  throw new KirokuError({
    code: 'BAD_REQUEST',
    message: `\`${text}\` names no run; one is id, project:id, organization/project:id, organization/project/id or the address of its page`,
  })
}

function pathOfPage(url: string): string {
  const names = new URL(url).pathname.split('/').filter((name) => name !== '')
  const at = names.lastIndexOf('runs')
  const page = at < 0 ? names : [...names.slice(0, at), ...names.slice(at + 1, at + 2)]
  return page.slice(-3).map(decodeURIComponent).join('/')
}

/**
 * A run's whole address: a project that is left out is the given one, an organization that is left out the key's. Throws
 * BAD_REQUEST when the key is of several organizations, or a part cannot be a name.
 */
export async function addressOf(
  client: ServerClient,
  named: RunName,
  defaultProject: string | undefined,
): Promise<RunAddress> {
  const project = parseInput(projectNameSchema, named.project ?? defaultProject ?? 'uncategorized', 'project')
  const organization = named.organization ?? (await ownOrganization(client))
  return parseInput(runAddressSchema, { organization, project, run: named.run }, 'run')
}

/** The one organization that the key is for. Throws when it is of none or of several. */
export async function ownOrganization(client: ServerClient): Promise<string> {
  const { organizations } = await client.viewer()
  const [only, other] = organizations
  if (only === undefined)
    throw new KirokuError({ code: 'FORBIDDEN', message: `the key for ${client.url} is of no organization` })
  if (other === undefined) return only.slug
  const slugs = organizations.map(({ slug }) => slug).join(', ')
  throw new KirokuError({
    code: 'BAD_REQUEST',
    message: `the key for ${client.url} is of several organizations (${slugs}): name one, before the rest and a /`,
  })
}
