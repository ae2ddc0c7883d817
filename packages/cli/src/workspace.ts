import { configDirectory, readCredentials } from '@kiroku/sdk/credentials'
import {
  defaultProject,
  type FileSettings,
  readSettings,
  settingsPath,
  workingDirectory,
  workspaceDirectory,
} from '@kiroku/sdk/settings'
import type { Environment } from './env.ts'
import { shownPath } from './paths.ts'

/** A setting as it stands, and in people's words where it came from. */
export type Resolved<T> = { value: T; from: string }

/** The settings that the commands share with `init()`, each with its source. */
export type Settings = {
  /** The directory of local data, absolute. */
  dir: Resolved<string>
  mode: Resolved<NonNullable<FileSettings['mode']>>
  project: Resolved<string>
  url: Resolved<string>
}

/** Where `kiroku up` serves when nothing else is asked. */
export const defaultUrl = 'http://127.0.0.1:8080'

/** The directory of local data: as asked, else `KIROKU_DIR`, else `.kiroku` in the working directory. */
export const workspaceOf = (environment: Environment, dir?: string): string => workspaceDirectory(environment, dir)

/**
 * Finds out each setting: as asked, else the environment, else the workspace's settings, else the user's, else what can be
 * found out. Throws `KirokuError` when a settings file is broken.
 */
export function resolveSettings(environment: Environment, asked: { dir?: string | undefined } = {}): Settings {
  const root = workspaceOf(environment, asked.dir)
  const config = configDirectory(environment)
  const files = [root, config].map((directory) => ({
    from: shownPath(settingsPath(directory)),
    settings: readSettings(directory),
  }))
  const find = <Name extends 'mode' | 'project' | 'url'>(
    name: Name,
    variable: string,
    given: FileSettings[Name],
    otherwise: () => Resolved<NonNullable<FileSettings[Name]>>,
  ): Resolved<NonNullable<FileSettings[Name]>> => {
    if (given !== undefined) return { value: given, from: variable }
    for (const { from, settings } of files) {
      const value = settings[name]
      if (value !== undefined) return { value, from }
    }
    return otherwise()
  }
  return {
    dir: { value: root, from: sourceOfDirectory(environment, asked.dir) },
    mode: find('mode', 'KIROKU_MODE', environment.KIROKU_MODE, () => ({ value: 'online', from: 'default' })),
    project: find('project', 'KIROKU_PROJECT', environment.KIROKU_PROJECT, () => ({
      value: defaultProject(workingDirectory()),
      from: 'the name of the git repository, else uncategorized',
    })),
    url: find('url', 'KIROKU_URL', environment.KIROKU_URL, () => {
      const latest = readCredentials(config).default
      return latest === undefined ? { value: defaultUrl, from: 'default' } : { value: latest, from: 'the latest login' }
    }),
  }
}

function sourceOfDirectory(environment: Environment, asked: string | undefined): string {
  if (asked !== undefined) return 'as asked'
  return environment.KIROKU_DIR === undefined ? 'default' : 'KIROKU_DIR'
}
