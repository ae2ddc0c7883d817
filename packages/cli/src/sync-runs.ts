import { KirokuError } from '@kiroku/core/errors'
import { type LocalRunInfo, type SyncResult, syncRun } from '@kiroku/sdk/sync'
import type { Environment } from './env.ts'
import { failureLine } from './failures.ts'
import { knownKey } from './server-access.ts'
import { ServerClient } from './server-client.ts'
import { SyncDisplay } from './sync-display.ts'
import type { Terminal } from './terminal.ts'

/** A local run, and where it goes. */
export type SyncTarget = { run: LocalRunInfo; url: string }

export type SyncOptions = {
  targets: readonly SyncTarget[]
  jobs: number
  project?: string | undefined
  id?: string | undefined
  replaceTags: Readonly<Record<string, string>>
  /** Runs whose script still writes are followed until it ends. */
  isLive: boolean
  signal: AbortSignal
}

/** How many runs were synced, and how many could not be. What was not begun is neither. */
export type SyncOutcome = { synced: number; failed: number }

/**
 * Sends local runs to their servers, several at once, and tells of each how it went. A run that cannot be sent keeps nothing
 * from the others; what was sent of it stays sent. Ends early, with all that was begun put down, when `signal` is aborted.
 * Throws before anything is sent when a server is away or refuses the key.
 */
export async function syncRuns(
  terminal: Terminal,
  environment: Environment,
  options: SyncOptions,
): Promise<SyncOutcome> {
  const keys = await checkedKeys(environment, options.targets)
  const display = new SyncDisplay(terminal, options.targets.length)
  const waiting = [...options.targets]
  const outcome = { synced: 0, failed: 0 }
  const work = async (): Promise<void> => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      if (options.signal.aborted) return
      const isDone = await syncOne(display, { ...target, apiKey: keys.get(target.url) ?? '' }, options)
      if (isDone) outcome.synced++
      else if (!options.signal.aborted) outcome.failed++
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.jobs, waiting.length) }, work))
  display.end()
  return outcome
}

/** A key for each server, once the server has said that it knows it. */
async function checkedKeys(environment: Environment, targets: readonly SyncTarget[]): Promise<Map<string, string>> {
  const keys = new Map<string, string>()
  for (const url of new Set(targets.map((target) => target.url))) {
    const key = knownKey(url, environment)
    if (key === undefined) {
      throw new KirokuError({
        code: 'UNAUTHORIZED',
        message: `no API key for ${url} is known: run \`kiroku login --url ${url}\`, or set KIROKU_API_KEY`,
      })
    }
    await new ServerClient(url, key).viewer()
    keys.set(url, key)
  }
  return keys
}

async function syncOne(
  display: SyncDisplay,
  { run, url, apiKey }: SyncTarget & { apiKey: string },
  { project, id, replaceTags, isLive, signal }: SyncOptions,
): Promise<boolean> {
  const line = display.begin(id ?? run.id)
  try {
    const result = await syncRun({
      directory: run.directory,
      url,
      apiKey,
      project,
      id,
      replaceTags,
      signal,
      isLive,
      onProgress: (progress) => line.move(progress),
    })
    line.end(describe(result))
    return true
  } catch (error) {
    line.end(signal.aborted ? undefined : `failed: ${failureLine(error)}`)
    return false
  }
}

const mostToldOf = 3

/** What came of a run: how much is there, what is not, and where. */
function describe({ rows, url, isComplete, losses, leftOut }: SyncResult): string {
  const told = leftOut.slice(0, mostToldOf).map(({ what, why }) => `${what} (${why})`)
  const untold = leftOut.length - told.length
  const parts = [
    isComplete ? `synced, ${counted(rows, 'row')}` : `${counted(rows, 'row')} so far, its script still runs`,
    losses.places > 0
      ? `${counted(losses.places, 'place')} of its log cannot be read (${counted(losses.bytes, 'byte')})`
      : '',
    losses.namelessValues > 0 ? `${counted(losses.namelessValues, 'value')} there lost the name of the metric` : '',
    losses.droppedCalls > 0
      ? `${counted(losses.droppedCalls, 'call')} of log() for steps before the resume dropped`
      : '',
    told.length > 0 ? `left out: ${told.join(', ')}${untold > 0 ? ` and ${untold} more` : ''}` : '',
  ]
  return `${parts.filter((part) => part !== '').join('; ')} -> ${url}`
}

/** A number with its noun, such as `1 row` and `2 rows`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
