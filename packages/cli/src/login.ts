import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { KirokuError } from '@kiroku/core/errors'
import { apiKeySchema } from '@kiroku/core/ids'
import { configDirectory, credentialsPath, storeCredentials } from '@kiroku/sdk/credentials'
import type { Environment } from './env.ts'
import { shownPath } from './paths.ts'
import { chosenUrl } from './server-access.ts'
import { ServerClient } from './server-client.ts'
import type { Terminal } from './terminal.ts'

export type LoginOptions = { url?: string; key?: string; ask?: (question: string) => Promise<string> }

/**
 * Asks the server whether it knows the key, and keeps both for the SDK and the other commands. Without a key it asks
 * for one, where there is a terminal.
 */
export async function login(terminal: Terminal, environment: Environment, options: LoginOptions): Promise<void> {
  const url = chosenUrl(options.url, environment)
  const ask = options.ask ?? askHidden
  const given = options.key ?? environment.KIROKU_API_KEY ?? (await ask(`API key for ${url}: `))
  const key = checkedKey(given.trim())
  const viewer = await new ServerClient(url, key).viewer()
  const directory = configDirectory(environment)
  storeCredentials(directory, { url, key })
  const organizations = viewer.organizations.map(({ slug }) => slug).join(', ')
  terminal.say(`Logged in to ${url} as ${viewer.name} (${organizations || 'no organization'}).`)
  terminal.say(`The key is in ${shownPath(credentialsPath(directory))}, which only this user can read.`)
}

function checkedKey(text: string): string {
  const result = apiKeySchema.safeParse(text)
  if (result.success) return result.data
  throw new KirokuError({
    code: 'BAD_REQUEST',
    message: `that is no API key: ${result.error.issues[0]?.message}; copy it from the dashboard`,
  })
}

/** Reads one line that does not appear on the screen. Throws BAD_REQUEST where standard input is no terminal. */
async function askHidden(question: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: 'there is no terminal to ask for the API key: run `kiroku login KEY`, or set KIROKU_API_KEY',
    })
  }
  process.stderr.write(question)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  try {
    return await new Promise((resolve, reject) => {
      lines.once('line', resolve)
      lines.once('SIGINT', () =>
        reject(new KirokuError({ code: 'BAD_REQUEST', message: 'stopped; nothing is stored' })),
      )
      lines.once('close', () => reject(new KirokuError({ code: 'BAD_REQUEST', message: 'no API key was given' })))
    })
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
