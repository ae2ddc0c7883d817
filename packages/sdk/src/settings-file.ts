import { existsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { parseInput } from '@kiroku/core/errors'
import { projectNameSchema } from '@kiroku/core/ids'
import { runLabelsSchema, tagsInputSchema } from '@kiroku/core/runs'
import * as z from 'zod'
import { readJsonFile, writeJsonFile } from './json-file.ts'
import { makeDirectory } from './make-directory.ts'

/** Where a run goes: to a server, to this disk only, or nowhere. */
export const modeSchema = z.enum(['online', 'offline', 'disabled'])
export type Mode = z.infer<typeof modeSchema>

/**
 * What a settings file may say, in the words of `init()`'s options. The one of the config directory is for all that a user
 * does on this machine, the one of a workspace (the directory of local data) for what is run there; the environment and
 * `init()` come after both.
 */
export const fileSettingsSchema = z.strictObject({
  mode: modeSchema.optional(),
  project: projectNameSchema.optional(),
  url: z.string().optional(),
  group: runLabelsSchema.shape.group.unwrap().optional(),
  jobType: runLabelsSchema.shape.jobType.unwrap().optional(),
  notes: runLabelsSchema.shape.notes.unwrap().optional(),
  tags: tagsInputSchema.optional(),
  console: z.boolean().optional(),
  allowValChange: z.boolean().optional(),
  quiet: z.boolean().optional(),
})
export type FileSettings = z.infer<typeof fileSettingsSchema>

/** A change to a settings file: null takes a setting out. */
export type FileSettingsChange = { [Key in keyof FileSettings]?: FileSettings[Key] | null }

/** Where the settings of a config directory or of a workspace are. */
export function settingsPath(directory: string): string {
  return join(directory, 'settings.json')
}

/** Reads the settings of a directory; none where there is no file. Throws `KirokuError` when it is broken or closed. */
export function readSettings(directory: string): FileSettings {
  return readJsonFile(settingsPath(directory), fileSettingsSchema, 'correct or delete it') ?? {}
}

/** Changes settings of a directory and leaves the others; answers all. Throws `KirokuError`, changing nothing, when it cannot. */
export function changeSettings(directory: string, change: FileSettingsChange): FileSettings {
  const said = Object.entries(change).filter(([, value]) => value !== undefined)
  const merged = Object.entries({ ...readSettings(directory), ...Object.fromEntries(said) })
  const kept = Object.fromEntries(merged.filter(([, value]) => value !== null))
  const settings = parseInput(fileSettingsSchema, kept, 'settings')
  writeJsonFile(settingsPath(directory), settings)
  return settings
}

/** The directory of local data: `dir`, else `KIROKU_DIR`, else `.kiroku`, in the working directory. */
export function workspaceDirectory(environment: { KIROKU_DIR?: string | undefined }, dir?: string): string {
  return resolve(workingDirectory(), dir ?? environment.KIROKU_DIR ?? '.kiroku')
}

/** Makes the directory of local data with a `.gitignore` that keeps all of it out of git. Throws what the file system throws. */
export function makeWorkspace(root: string): void {
  const isNew = makeDirectory(root)
  const ignore = join(root, '.gitignore')
  if (isNew && !existsSync(ignore)) writeFileSync(ignore, '*\n')
}

/** The working directory; that of the system's temporary files where it was removed meanwhile. */
export function workingDirectory(): string {
  try {
    return process.cwd()
  } catch {
    return tmpdir()
  }
}

/** The name of the directory of the git repository that `directory` is in, else `uncategorized`. */
export function defaultProject(directory: string): string {
  for (let at = directory; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) {
      const name = basename(at)
        .replace(/[/\\#?%:]/g, '-')
        .trim()
        .slice(0, 128)
      return projectNameSchema.safeParse(name).success ? name : 'uncategorized'
    }
    if (dirname(at) === at) return 'uncategorized'
  }
}
