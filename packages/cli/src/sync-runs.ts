import { KirokuError } from '@kiroku/core/errors'
import { type LocalRunInfo, type SyncResult, syncRun } from '@kiroku/sdk/sync'
import { counted } from './counted.ts'
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
 * Throws before anything is sent when all servers are away or refuse the key; the runs of one that does fail, and the others are sent.
 */
export async function syncRuns(
  terminal: Terminal,
  environment: Environment,
  options: SyncOptions,
): Promise<SyncOutcome> {
  const { keys, problems } = await checkedKeys(environment, options.targets)
  for (const [url, problem] of problems) {
    const runs = options.targets.filter((target) => target.url === url).map(({ run }) => run.id)
    terminal.say(`${runs.join(', ')}: failed: ${failureLine(problem)}`)
  }
  const waiting = options.targets.filter(({ url }) => keys.has(url))
  const outcome = { synced: 0, failed: options.targets.length - waiting.length }
  const display = new SyncDisplay(terminal, waiting.length)
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

type Servers = { keys: Map<string, string>; problems: Map<string, Error> }

/** A key for each server that says that it knows it, and what is wrong with the others. Throws when there is none. */
async function checkedKeys(environment: Environment, targets: readonly SyncTarget[]): Promise<Servers> {
  const servers: Servers = { keys: new Map(), problems: new Map() }
  for (const url of new Set(targets.map((target) => target.url))) {
    try {
      servers.keys.set(url, await checkedKey(url, environment))
    } catch (problem) {
      if (!(problem instanceof Error)) throw problem
      servers.problems.set(url, problem)
    }
  }
  const [problem] = servers.problems.values()
  if (servers.keys.size === 0 && problem !== undefined) throw problem
  return servers
}

async function checkedKey(url: string, environment: Environment): Promise<string> {
  const key = knownKey(url, environment)
  if (key === undefined) {
    throw new KirokuError({
      code: 'UNAUTHORIZED',
      message: `no API key for ${url} is known: run \`kiroku login --url ${url}\`, or send to another server with --url`,
    })
  }
  await new ServerClient(url, key).viewer()
  return key
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
