import { KirokuError } from '@kiroku/core/errors'
import { apiKeySchema, projectNameSchema } from '@kiroku/core/ids'
import { modeSchema } from '@kiroku/sdk/settings'
import * as z from 'zod'

const environmentSchema = z.object({
  /** The server to talk to, in place of the one logged in to last. */
  KIROKU_URL: z.string().optional(),
  KIROKU_API_KEY: apiKeySchema.optional(),
  KIROKU_PROJECT: projectNameSchema.optional(),
  /** Where runs keep their local data. */
  KIROKU_DIR: z.string().optional(),
  /** Where runs go. */
  KIROKU_MODE: modeSchema.optional(),
  /** Where `kiroku up` keeps its data. */
  KIROKU_DATA_DIR: z.string().optional(),
  /** Where it keeps contents of files, in place of there. */
  KIROKU_FILES_DIR: z.string().optional(),
  /** Where credentials are kept. */
  KIROKU_CONFIG_DIR: z.string().optional(),
  XDG_CONFIG_HOME: z.string().optional(),
  XDG_DATA_HOME: z.string().optional(),
})

/** The environment that the command reads, each value parsed. */
export type Environment = z.infer<typeof environmentSchema>

/** Parses the environment; empty variables count as unset. Throws BAD_REQUEST that names the wrong variable. */
export function readEnvironment(source: Readonly<Record<string, string | undefined>> = process.env): Environment {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  const result = environmentSchema.safeParse(given)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new KirokuError({
    code: 'BAD_REQUEST',
    message: `the environment variable ${issue?.path.join('.')} is wrong: ${issue?.message}`,
  })
}

/** The environment of git: nothing that would point it at another repository, and no questions that nobody can answer. */
export function gitEnvironment(): NodeJS.ProcessEnv {
  const { GIT_DIR: _directory, GIT_WORK_TREE: _tree, GIT_INDEX_FILE: _index, ...environment } = process.env
  return process.stdin.isTTY ? environment : { ...environment, GIT_TERMINAL_PROMPT: '0' }
}
