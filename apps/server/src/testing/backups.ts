import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { type BackupEvent, backupEventSchema } from '@kiroku/core/backup'
import { routes } from '@kiroku/core/routes'
import type { Caller } from './factories.ts'

/** Asks a server for a backup at an absolute path; answers the bare response. */
export function askForBackup(
  { url, apiKey }: Caller,
  directory: string,
  options: { headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Response> {
  const { headers = {}, signal } = options
  return fetch(url + routes.backup, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ directory }),
    ...(signal && { signal }),
  })
}

/** What a server tells of a backup, as it tells it. Throws with its answer when it refuses. */
export async function* makeBackup(caller: Caller, directory: string): AsyncIterable<BackupEvent> {
  const response = await askForBackup(caller, directory)
  if (!response.ok || response.body === null) throw new Error(`${response.status} ${await response.text()}`)
  for await (const line of createInterface({ input: Readable.fromWeb(response.body) }))
    yield backupEventSchema.parse(JSON.parse(line))
}
