import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTemplateDirectory } from './env.ts'
import { makeTemplate } from './template.ts'

let directory: string | undefined

/** Before all tests of a project that starts servers: makes the template of their data directories. */
export async function setup(): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), 'kiroku-template-'))
  const template = join(directory, 'data')
  await makeTemplate(template)
  setTemplateDirectory(template)
}

/** After all of them: removes it. */
export async function teardown(): Promise<void> {
  if (directory !== undefined) await rm(directory, { recursive: true, force: true })
}
