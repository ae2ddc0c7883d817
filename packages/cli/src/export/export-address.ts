import { KirokuError, parseInput } from '@kiroku/core/errors'
import { projectPathSchema } from '@kiroku/core/projects'
import { type RunAddress, runAddressSchema } from '@kiroku/core/queries'
import { ownOrganization, parseRunName } from '../run-address.ts'
import type { ServerClient } from '../server-client.ts'

/** What is exported: a project, or one run of it. */
export type ExportAddress = { organization: string; project: string; run?: string }

/**
 * Reads `project`, `organization/project`, `organization/project/run`, `project:run` or the address of a page. An organization
 * that is left out is the key's. Throws BAD_REQUEST for anything else.
 */
export async function parseExportAddress(client: ServerClient, text: string): Promise<ExportAddress> {
  const [first, second, third, ...beyond] = namesIn(text)
  if (first === undefined || beyond.length > 0) throw wrong(text)
  const isRun = third !== undefined
  const organization = second === undefined ? undefined : first
  const address = { organization: organization ?? (await ownOrganization(client)), project: second ?? first }
  return isRun ? runOf(address, third) : parseInput(projectPathSchema, address, 'project')
}

const runOf = (address: { organization: string; project: string }, run: string): RunAddress =>
  parseInput(runAddressSchema, { ...address, run }, 'run')

function namesIn(text: string): string[] {
  if (URL.canParse(text) && /^https?:/.test(text)) {
    const path = new URL(text).pathname.split('/').filter((name) => name !== '')
    return path.filter((name, index) => !(index === 2 && name === 'runs')).map(decodeURIComponent)
  }
  if (!text.includes(':')) return text.split('/')
  const { organization, project, run } = parseRunName(text)
  return [organization, project, run].flatMap((name) => name ?? [])
}

function wrong(text: string): KirokuError {
  return new KirokuError({
    code: 'BAD_REQUEST',
    message: `\`${text}\` names no project and no run; one is organization/project or organization/project/run`,
  })
}
