import { homedir } from 'node:os'
import { join } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import { apiKeySchema } from '@kiroku/core/ids'
import * as z from 'zod'
import { readJsonFile, writeJsonFile } from './json-file.ts'

/** What `credentials.json` holds: the server to use when none is named, and one key a server. */
export const credentialsSchema = z.object({
  default: z.string().optional(),
  keys: z.record(z.string(), apiKeySchema).default({}),
})
export type Credentials = z.infer<typeof credentialsSchema>

/** The part of the environment that says where the credentials are. */
export type ConfigEnvironment = { KIROKU_CONFIG_DIR?: string | undefined; XDG_CONFIG_HOME?: string | undefined }

/** `$KIROKU_CONFIG_DIR`, else `$XDG_CONFIG_HOME/kiroku`, else `~/.config/kiroku`. */
export function configDirectory(environment: ConfigEnvironment): string {
  if (environment.KIROKU_CONFIG_DIR) return environment.KIROKU_CONFIG_DIR
  return join(environment.XDG_CONFIG_HOME || join(homedir(), '.config'), 'kiroku')
}

/** Where the credentials of a config directory are. */
export function credentialsPath(directory: string): string {
  return join(directory, 'credentials.json')
}

/** A server's address in the form that keys are filed under: no slash at its end. Throws BAD_REQUEST when it is none. */
export function serverAddress(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `\`${url}\` is not a server's address; one looks like http://127.0.0.1:8080`,
    })
  }
  return `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, '')
}

/** Reads the credentials; none where there is no file. Throws `KirokuError` when the file cannot be read or is broken. */
export function readCredentials(directory: string): Credentials {
  const advice = 'delete it and run `kiroku login` again'
  return readJsonFile(credentialsPath(directory), credentialsSchema, advice) ?? { keys: {} }
}

/**
 * Files a server's key, and makes that server the default. The file is replaced as a whole, readable by its owner
 * only; a broken one is replaced by a fresh one.
 */
export function storeCredentials(directory: string, { url, key }: { url: string; key: string }): void {
  const known = readOrForget(directory)
  const address = serverAddress(url)
  const credentials: Credentials = { default: address, keys: { ...known.keys, [address]: apiKeySchema.parse(key) } }
  writeJsonFile(credentialsPath(directory), credentials)
}

function readOrForget(directory: string): Credentials {
  try {
    return readCredentials(directory)
  } catch {
    return { keys: {} }
  }
}
