import { KirokuError, parseInput } from '@kiroku/core/errors'
import { type RunAddress, runAddressSchema } from '@kiroku/core/queries'
import { readRunName } from '@kiroku/core/run-names'

/** A run's address as people write it; without an organization it is the caller's own. */
export type WrittenAddress = Omit<RunAddress, 'organization'> & { organization?: string }

const addressSchema = runAddressSchema.partial({ organization: true })

/**
 * Reads `project/id`, `project:id`, `organization/project/id`, `organization/project:id`, or a run page's address below the
 * server's, `organization/project/runs/id`. Throws `KirokuError` BAD_REQUEST for anything else.
 */
export function parseRunPath(path: string): WrittenAddress {
  const named = readRunName(String(path).replace(/^\/+|\/+$/g, ''))
  if (named?.project === undefined) {
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `\`${path}\` is not a run's path; one looks like project/id or organization/project/id`,
    })
  }
  const { organization: owner, ...address } = parseInput(addressSchema, named, `run path \`${path}\``)
  return { ...address, ...(owner !== undefined && { organization: owner }) }
}

/** Reads `project` or `organization/project`. Throws `KirokuError` BAD_REQUEST for anything else. */
export function parseProjectPath(path: string): { project: string; organization?: string } {
  const parts = String(path).split('/')
  const [project, organization, ...rest] = parts.reverse()
  if (project === undefined || rest.length > 0) {
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `\`${path}\` is not a project's path; one looks like project or organization/project`,
    })
  }
  const parsed = parseInput(
    addressSchema.omit({ run: true }),
    { project, ...(organization !== undefined && { organization }) },
    `project path \`${path}\``,
  )
  return {
    project: parsed.project,
    ...(parsed.organization !== undefined && { organization: parsed.organization }),
  }
}
