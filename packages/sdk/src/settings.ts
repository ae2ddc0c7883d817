import { mkdirSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseInput } from '@kiroku/core/errors'
import { newRunSlug, projectNameSchema, runSlugSchema } from '@kiroku/core/ids'
import {
  type ResumeMode,
  type RunLabelsPatch,
  runLabelsSchema,
  tagsInputSchema,
  writerLabelSchema,
} from '@kiroku/core/runs'
import { cleanText } from '@kiroku/core/values'
import * as z from 'zod'
import { type Beginning, beginningOf, idOf } from './beginning.ts'
import { configDirectory, readCredentials, serverAddress } from './credentials.ts'
import type { SdkEnv } from './env-schema.ts'
import { makeDirectory } from './make-directory.ts'
import type { RunMomentInput } from './run-moment.ts'
import {
  defaultProject,
  type FileSettings,
  type Mode,
  makeWorkspace,
  modeSchema,
  readSettings,
  workingDirectory,
} from './settings-file.ts'

/** What `init()` may be told about a run, beside its config and metrics. What is left out comes from the environment. */
export type RunOptions = {
  /** `KIROKU_PROJECT`, else the name of the git repository's directory, else `uncategorized`. */
  project?: string
  /** Unique in the project; made up when left out. */
  id?: string
  /** What people call the run; the server makes one up when left out. */
  name?: string
  group?: string
  jobType?: string
  notes?: string
  /** A list, or one string, which is one tag. */
  tags?: string | readonly string[]
  /** Where local data goes; `.kiroku` in the working directory when left out. */
  dir?: string
  mode?: Mode
  /** The server's address; that of the latest `kiroku login` when left out. */
  url?: string
  apiKey?: string
  /**
   * What to do when the id is known: `allow` goes on after the run's last step or makes the run, `must` only goes on, `never`
   * only makes it. `auto`, or true, is `allow` for the run that was interrupted in this directory. False asks for nothing.
   */
  resume?: ResumeMode | 'auto' | boolean
  /** `<id>?_step=<n>`: goes on with that run after step n; everything logged beyond it is dropped. */
  resumeFrom?: RunMomentInput
  /** `<id>?_step=<n>`: a new run that begins with that run's history up to step n. */
  forkFrom?: RunMomentInput
  /** Several processes write to the run; the server gives each row its step. */
  shared?: boolean
  /** What tells this process of a shared run from the others; made up of the host's name when left out. */
  label?: string
  /** Config values may be changed; else what stands changes only where a call says so. */
  allowValChange?: boolean
  /** False: what the script prints is not recorded. */
  console?: boolean
}

const optionsSchema = z.object({
  project: projectNameSchema,
  id: runSlugSchema,
  name: runLabelsSchema.shape.displayName.optional(),
  group: runLabelsSchema.shape.group.optional(),
  jobType: runLabelsSchema.shape.jobType.optional(),
  notes: runLabelsSchema.shape.notes.optional(),
  tags: tagsInputSchema.optional(),
  mode: modeSchema,
  shared: z.boolean(),
  label: writerLabelSchema.optional(),
  allowValChange: z.boolean(),
  console: z.boolean(),
})

/** The options of a run, filled and checked, with what was asked of a run that is known already. */
export type Settings = z.output<typeof optionsSchema> & Beginning

/** Fills options from the environment, then from settings files. Throws `KirokuError` BAD_REQUEST that names what is wrong. */
export function resolveSettings(
  options: RunOptions,
  env: SdkEnv,
  { files = {}, root, warn }: SettingsSources = {},
): Settings {
  const project = options.project ?? env.KIROKU_PROJECT ?? files.project ?? defaultProject(workingDirectory())
  const beginning = beginningOf(options, env)
  const id = idOf(beginning, { project, asked: options.id ?? env.KIROKU_RUN_ID, root, warn })
  const shared = options.shared ?? env.KIROKU_SHARED ?? false
  const label = options.label ?? env.KIROKU_LABEL
  const input = {
    project,
    id,
    name: options.name ?? env.KIROKU_NAME,
    group: options.group ?? env.KIROKU_GROUP ?? files.group,
    jobType: options.jobType ?? env.KIROKU_JOB_TYPE ?? files.jobType,
    notes: options.notes ?? env.KIROKU_NOTES ?? files.notes,
    tags: options.tags ?? env.KIROKU_TAGS ?? files.tags,
    mode: options.mode ?? env.KIROKU_MODE ?? files.mode ?? 'online',
    shared,
    label: label ?? (shared ? `${cleanText(hostname()).slice(0, 100)}-${newRunSlug()}` : undefined),
    allowValChange: options.allowValChange ?? env.KIROKU_ALLOW_VAL_CHANGE ?? files.allowValChange ?? false,
    console: options.console ?? env.KIROKU_CONSOLE ?? files.console ?? true,
  }
  return { ...parseInput(optionsSchema, input, 'init'), ...beginning }
}

/** What else settings come from: the settings files, and the directory of local data with its note of an interrupted run. */
export type SettingsSources = {
  files?: FileSettings
  root?: string | undefined
  warn?: ((text: string) => void) | undefined
}

/** The settings files of the user and of the workspace, which comes before; without one that is broken, with a warning. */
export function settingsOfFiles(env: SdkEnv, root: string, warn: (text: string) => void): FileSettings {
  const read = (directory: string): FileSettings => {
    try {
      return readSettings(directory)
    } catch (cause) {
      warn(messageOf(cause))
      return {}
    }
  }
  return { ...read(configDirectory(env)), ...read(root) }
}

/** Labels without characters that no database takes. */
export function cleanLabels<Labels extends RunLabelsPatch>(labels: Labels): Labels {
  const clean = (text: string | null | undefined): string | null | undefined => (text == null ? text : cleanText(text))
  return {
    ...labels,
    ...(labels.displayName !== undefined && { displayName: cleanText(labels.displayName) }),
    ...(labels.group !== undefined && { group: clean(labels.group) }),
    ...(labels.jobType !== undefined && { jobType: clean(labels.jobType) }),
    ...(labels.notes !== undefined && { notes: clean(labels.notes) }),
    ...(labels.tags !== undefined && { tags: labels.tags.map(cleanText) }),
  }
}

/** The server to send to and the key for it, if one is known. */
export type Destination = { url: string; apiKey: string | null }

const defaultUrl = 'http://127.0.0.1:8080'

/** Where runs go: as told, else by the environment, else by the latest login on this machine. */
export function resolveDestination(
  options: RunOptions,
  env: SdkEnv,
  warn: (text: string) => void,
  files: FileSettings = {},
): Destination {
  const { default: known, keys } = credentialsOrNone(env, warn)
  const url = serverAddress(options.url ?? env.KIROKU_URL ?? files.url ?? known ?? defaultUrl)
  return { url, apiKey: (options.apiKey ?? env.KIROKU_API_KEY)?.trim() ?? keys[url] ?? null }
}

function credentialsOrNone(env: SdkEnv, warn: (text: string) => void): ReturnType<typeof readCredentials> {
  try {
    return readCredentials(configDirectory(env))
  } catch (cause) {
    warn(cause instanceof Error ? cause.message : String(cause))
    return { keys: {} }
  }
}

/**
 * Makes the run's own directory; in the system's temporary directory, with a warning, when it cannot be made there.
 * Undefined, with a warning, when it cannot be made there either.
 */
export function makeRunDirectory(
  dir: string,
  { id, now, warn }: { id: string; now: Date; warn: (text: string) => void },
): { root: string; directory: string } | undefined {
  const root = resolve(workingDirectory(), dir)
  const fallback = join(tmpdir(), 'kiroku')
  try {
    return { root, directory: makeIn(root, id, now) }
  } catch (cause) {
    warn(`cannot write ${root} (${messageOf(cause)}); local data goes to ${fallback}`)
  }
  try {
    return { root: fallback, directory: makeIn(fallback, id, now) }
  } catch (cause) {
    warn(`cannot write ${fallback} (${messageOf(cause)}); nothing is recorded`)
    return undefined
  }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

function makeIn(root: string, id: string, now: Date): string {
  const runs = join(root, 'runs')
  makeWorkspace(root)
  makeDirectory(runs)
  const digits = now.toISOString().replace(/[-:]/g, '')
  const name = `run-${digits.slice(0, 8)}_${digits.slice(9, 15)}-${id}`
  for (let suffix = 0; ; suffix++) {
    const directory = join(runs, suffix === 0 ? name : `${name}-${suffix}`)
    if (makeNew(directory)) return directory
  }
}

function makeNew(directory: string): boolean {
  try {
    mkdirSync(directory)
    return true
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false
    throw cause
  }
}
