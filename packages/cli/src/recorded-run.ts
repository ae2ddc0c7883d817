import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { KirokuError } from '@kiroku/core/errors'
import type { WireRecord } from '@kiroku/core/values'
import { readRunFacts } from '@kiroku/sdk/sync'
import type { Environment } from './env.ts'
import { directoriesOf, projectOfLocal } from './local-runs.ts'
import { addressOf, parseRunName } from './run-address.ts'
import { connect } from './server-access.ts'
import type { Terminal } from './terminal.ts'
import { resolveSettings } from './workspace.ts'

/** What is known of a run's code and config: from the server, and of what it lacks from the run's local folders. */
export type RecordedRun = {
  id: string
  /** In wire form. */
  config: WireRecord
  /** A SHA, checked to be one. */
  commit: string | undefined
  remote: string | undefined
  isDirty: boolean
  /** The files at the top of the run's folder, those of the server first. */
  fileNames(): Promise<string[]>
  /** A file of the run; undefined where there is none. */
  readFile(name: string): Promise<Buffer | undefined>
}

const shaPattern = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/

/**
 * Reads a run from the server; one that the server does not know, from the workspace's logs. Throws NOT_FOUND when neither
 * has it.
 */
export async function readRecordedRun(
  terminal: Terminal,
  environment: Environment,
  { name, url, root }: { name: string; url: string | undefined; root: string },
): Promise<RecordedRun> {
  const named = parseRunName(name)
  const project = projectOfLocal(root, named.run) ?? resolveSettings(environment, { dir: root }).project.value
  try {
    const client = connect(url, environment)
    const address = await addressOf(client, named, project)
    const stored = await client.run(address)
    const files = await client.files(address)
    const local = directoriesOf(root, address, stored.git.commit ?? undefined)
    return recorded(stored.slug, stored, local, {
      names: files.map(({ path }) => path),
      read: async (path) => buffer(await client.fileContent(address, path)),
    })
  } catch (error) {
    if (!isAbsence(error)) throw error
    const address = { project: named.project ?? project, run: named.run }
    const [newest, ...older] = directoriesOf(root, address)
    const facts = newest === undefined ? undefined : readRunFacts(newest)
    if (newest === undefined || facts === undefined) throw error
    terminal.say(`${error.message}; restoring from ${newest}`)
    return recorded(named.run, facts, [newest, ...older], { names: [], read: async () => undefined })
  }
}

const isAbsence = (error: unknown): error is Error =>
  error instanceof KirokuError &&
  (error.code === 'NOT_FOUND' || error.code === 'UNAVAILABLE' || error.code === 'UNAUTHORIZED')

type Facts = {
  config: WireRecord
  git: { commit?: string | null | undefined; remote?: string | null | undefined; isDirty?: boolean | null | undefined }
}

type Files = { names: readonly string[]; read(name: string): Promise<Buffer | undefined> }

function recorded(id: string, { config, git }: Facts, directories: readonly string[], server: Files): RecordedRun {
  const { commit, remote } = git
  return {
    id,
    config,
    commit: commit != null && shaPattern.test(commit) ? commit : undefined,
    remote: remote ?? undefined,
    isDirty: git.isDirty ?? false,
    fileNames: async () => {
      const local = await Promise.all(directories.map((directory) => namesIn(join(directory, 'files'))))
      return [...new Set([...server.names, ...local.flat()])]
    },
    readFile: async (name) => {
      if (server.names.includes(name)) return server.read(name)
      for (const directory of directories) {
        const content = await readIfThere(join(directory, 'files', name))
        if (content !== undefined) return content
      }
      return undefined
    },
  }
}

const namesIn = (directory: string): Promise<string[]> => readdir(directory).catch(() => [])

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined
    throw error
  }
}
