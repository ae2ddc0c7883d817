import type { Environment } from './env.ts'
import { type LocalState, localRuns, stateOf } from './local-runs.ts'
import { shownPath } from './paths.ts'
import { chosenUrl, knownKey } from './server-access.ts'
import type { Terminal } from './terminal.ts'
import { resolveSettings } from './workspace.ts'

export type StatusOptions = { dir?: string | undefined; url?: string | undefined; isJson: boolean }

/** Shows the settings that a run here begins with, where each comes from, and what of the local runs is not on a server. */
export function status(terminal: Terminal, environment: Environment, options: StatusOptions): void {
  const { dir, mode, project, url } = resolveSettings(environment, options)
  const server = options.url === undefined ? url : { value: options.url, from: 'as asked' }
  const address = chosenUrl(server.value, environment)
  const isKeyKnown = knownKey(address, environment) !== undefined
  const runs = stateOf(localRuns([dir.value]))
  if (options.isJson) {
    const key = { isKnown: isKeyKnown, from: keySource(environment, isKeyKnown) }
    terminal.print(JSON.stringify({ mode, project, url: { ...server, value: address }, key, dir, runs }, null, 2))
    return
  }
  const line = (name: string, value: string, from: string): void =>
    terminal.print(`${name.padEnd(10)}  ${value}${from === '' ? '' : `  (${from})`}`)
  line('mode', mode.value, mode.from)
  line('project', project.value, project.from)
  line('server', address, server.from)
  line(
    'API key',
    isKeyKnown ? 'known' : `none: run \`kiroku login --url ${address}\``,
    keySource(environment, isKeyKnown),
  )
  line('local data', shownPath(dir.value), dir.from)
  line('local runs', describe(runs), '')
}

function describe({ total, unsynced, live }: LocalState): string {
  if (total === 0) return 'none'
  const parts = [
    live.length > 0 ? `${live.length} still running` : '',
    unsynced.length > 0 ? `${unsynced.length} not synced: \`kiroku sync\` sends them` : 'all that ended are synced',
  ]
  return `${total}: ${parts.filter((part) => part !== '').join(', ')}`
}

function keySource(environment: Environment, isKnown: boolean): string {
  if (!isKnown) return ''
  return environment.KIROKU_API_KEY === undefined ? 'kiroku login' : 'KIROKU_API_KEY'
}
