import { KirokuError } from '@kiroku/core/errors'
import { configDirectory, readCredentials, serverAddress } from '@kiroku/sdk/credentials'
import type { Environment } from './env.ts'
import { ServerClient } from './server-client.ts'
import { resolveSettings } from './workspace.ts'

/**
 * The server that a command means: as asked, else `KIROKU_URL`, else that of the settings, else the one logged in to last,
 * else this machine's.
 */
export function chosenUrl(asked: string | undefined, environment: Environment): string {
  return serverAddress(asked ?? resolveSettings(environment).url.value)
}

/** The key for a server: `KIROKU_API_KEY`, else the stored one; undefined when there is none. */
export function knownKey(url: string, environment: Environment): string | undefined {
  return environment.KIROKU_API_KEY ?? readCredentials(configDirectory(environment)).keys[url]
}

/** A client of the server that a command means. Throws UNAUTHORIZED when no key for it is known. */
export function connect(asked: string | undefined, environment: Environment): ServerClient {
  const url = chosenUrl(asked, environment)
  const key = knownKey(url, environment)
  if (key !== undefined) return new ServerClient(url, key)
  throw new KirokuError({
    code: 'UNAUTHORIZED',
    message: `no API key for ${url} is known: run \`kiroku login --url ${url}\`, or set KIROKU_API_KEY`,
  })
}
