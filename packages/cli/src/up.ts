import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { configDirectory, credentialsPath, storeCredentials } from '@kiroku/sdk/credentials'
import type { Environment } from './env.ts'
import { failureLine } from './failures.ts'
import { dataDirectory, shownPath } from './paths.ts'
import type { Terminal } from './terminal.ts'

export type UpOptions = { port: number; host: string; data?: string | undefined; isJson: boolean }

/** The dashboard's package, or undefined where it is not built. */
export function findWebDirectory(): string | undefined {
  try {
    const directory = dirname(createRequire(import.meta.url).resolve('@kiroku/web/package.json'))
    return existsSync(join(directory, '.next', 'BUILD_ID')) ? directory : undefined
  } catch {
    return undefined
  }
}

/**
 * Serves until SIGINT or SIGTERM, then closes cleanly. A second one does not wait. With `isJson` one line of JSON goes
 * to standard output once the server answers, and nothing else.
 */
export async function up(terminal: Terminal, environment: Environment, options: UpOptions): Promise<void> {
  const stopping = waitForStop(terminal)
  const { startServer } = await import('@kiroku/server')
  const webDir = findWebDirectory()
  if (webDir === undefined) terminal.say('The dashboard is not built (`pnpm build` builds it): serving the API only.')
  const dataDir = dataDirectory(options.data, environment)
  const server = await startServer({ dataDir, port: options.port, host: options.host, webDir })
  try {
    if (!stopping.isAsked()) {
      const { url, apiKey } = server
      const stored = remember(terminal, environment, { url, apiKey })
      if (options.isJson) terminal.print(JSON.stringify({ url, apiKey, dataDir: server.dataDir }))
      else greet(terminal, { url, dataDir: server.dataDir, stored, newKey: server.isEmbedded ? null : apiKey })
    }
    await stopping.asked
  } finally {
    await server.close()
  }
}

/** Files the key, so that scripts and commands on this machine need no settings; answers where, or null when it did not. */
function remember(
  terminal: Terminal,
  environment: Environment,
  { url, apiKey }: { url: string; apiKey: string | null },
): string | null {
  if (environment.KIROKU_API_KEY !== undefined || apiKey === null) return null
  const directory = configDirectory(environment)
  try {
    storeCredentials(directory, { url, key: apiKey })
    return credentialsPath(directory)
  } catch (error) {
    terminal.say(`${failureLine(error)}; scripts need KIROKU_URL and KIROKU_API_KEY`)
    return null
  }
}

type Greeting = { url: string; dataDir: string; stored: string | null; newKey: string | null }

function greet(terminal: Terminal, at: Greeting): void {
  terminal.print('')
  terminal.print('  Kiroku is up.')
  terminal.print('')
  terminal.print(`  Dashboard   ${at.url}`)
  terminal.print(`  Data        ${shownPath(at.dataDir)}`)
  if (at.stored !== null)
    terminal.print(`  Scripts     on this machine log here; their key is in ${shownPath(at.stored)}`)
  if (at.newKey !== null) terminal.print(`  API key     ${at.newKey} is the owner's; it is shown this once, keep it`)
  terminal.print('')
  terminal.print('  Ctrl-C stops it.')
  terminal.print('')
}

type Stop = { asked: Promise<void>; isAsked(): boolean }

/** npm and npx pass on what the terminal has sent already: signals this close together are one. */
const oneSignalMs = 500

function waitForStop(terminal: Terminal): Stop {
  let firstAt: number | undefined
  const asked = new Promise<void>((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      if (firstAt === undefined) {
        firstAt = Date.now()
        if (signal === 'SIGINT') terminal.say('Stopping. Ctrl-C again stops at once.')
        resolve()
      } else if (signal === 'SIGINT' && Date.now() - firstAt > oneSignalMs) {
        terminal.say('Stopped without waiting; the next start recovers.')
        process.exit(130)
      }
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  })
  return { asked, isAsked: () => firstAt !== undefined }
}
