import { KirokuError, parseInput } from '@kiroku/core/errors'
import { projectPathSchema } from '@kiroku/core/projects'
import { runAddressSchema } from '@kiroku/core/queries'
import { ownOrganization, parseRunName } from '../run-address.ts'
import type { ServerClient } from '../server-client.ts'

/** What is exported: a project, or one run of it. */
export type ExportAddress = { organization: string; project: string; run?: string }

/**
 * Reads `project`, `organization/project`, `organization/project/run`, `project:run` or the address of a page. An organization
 * that is left out is the key's. Throws BAD_REQUEST for anything else.
 */
export async function parseExportAddress(client: ServerClient, text: string): Promise<ExportAddress> {
  const { organization = await ownOrganization(client), project, run } = readExportName(text)
  return run === undefined
    ? parseInput(projectPathSchema, { organization, project }, 'project')
    : parseInput(runAddressSchema, { organization, project, run }, 'run')
}

/** What is written of an export's address. */
export type ExportName = { organization?: string | undefined; project: string; run?: string | undefined }

/** Reads what `parseExportAddress` reads, as it is written. Throws BAD_REQUEST for anything else. */
export function readExportName(text: string): ExportName {
  const isPage = URL.canParse(text) && /^https?:/.test(text)
  if (text.includes(':') && !isPage) {
    const { project, ...named } = parseRunName(text)
    if (project === undefined) throw wrong(text)
    return { ...named, project }
  }
  const [first, second, third, ...beyond] = isPage ? namesOfPage(text) : text.split('/')
  if (first === undefined || beyond.length > 0) throw wrong(text)
  return second === undefined ? { project: first } : { organization: first, project: second, run: third }
}

function namesOfPage(url: string): string[] {
  const names = new URL(url).pathname.split('/').filter((name) => name !== '')
  // The server may be below a path.
  const at = names[2] === 'runs' && names.length <= 4 ? 2 : names.lastIndexOf('runs')
  const page = at < 2 ? names : [...names.slice(at - 2, at), ...names.slice(at + 1)]
  return page.map(decodeURIComponent)
}

function wrong(text: string): KirokuError {
  return new KirokuError({
    code: 'BAD_REQUEST',
    message: `\`${text}\` names no project and no run; one is organization/project or organization/project/run`,
  })
}
