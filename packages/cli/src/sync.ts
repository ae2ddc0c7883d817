import { KirokuError, parseInput } from '@kiroku/core/errors'
import { projectNameSchema, runSlugSchema } from '@kiroku/core/ids'
import { serverAddress } from '@kiroku/sdk/credentials'
import type { LocalRunInfo } from '@kiroku/sdk/sync'
import { counted } from './counted.ts'
import type { Environment } from './env.ts'
import { localRuns, runsAt } from './local-runs.ts'
import { shownPath } from './paths.ts'
import { chosenUrl } from './server-access.ts'
import { type SyncTarget, syncRuns } from './sync-runs.ts'
import type { Terminal } from './terminal.ts'
import { workspaceOf } from './workspace.ts'

export type SyncOptions = {
  /** Runs' directories, logs, or directories of runs; those of the workspace when there are none. */
  paths: readonly string[]
  dir?: string | undefined
  url?: string | undefined
  project?: string | undefined
  id?: string | undefined
  replaceTags: Readonly<Record<string, string>>
  includesSynced: boolean
  isLive: boolean
  isDryRun: boolean
  jobs: number
}

/** Ends a command that Ctrl-C stopped, as shells have it. */
const interruptedStatus = 130

/**
 * Sends local runs to the server; those that are there already are passed over. Answers the exit status: 0 when all went
 * well, 1 when a run could not be sent, 130 when it was stopped. It can be stopped and begun again at any time.
 */
export async function sync(terminal: Terminal, environment: Environment, options: SyncOptions): Promise<number> {
  const { project, id } = options
  if (project !== undefined) parseInput(projectNameSchema, project, 'project')
  if (id !== undefined) parseInput(runSlugSchema, id, 'id')
  const root = workspaceOf(environment, options.dir)
  const runs = options.paths.length > 0 ? runsAt(options.paths) : localRuns([root])
  const chosen = runs.filter((run) => isWanted(run, options))
  const passed = toldOfPassed(runs, chosen)
  if (id !== undefined && chosen.length > 1)
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `--id is for one run, and there are ${chosen.length}: name the directory of one`,
    })
  if (chosen.length === 0) {
    terminal.say(`Nothing to sync in ${options.paths.join(', ') || shownPath(root)}${passed}`)
    return 0
  }
  const targets = chosen.map((run) => ({ run, url: destinationOf(run, environment, options.url) }))
  if (options.isDryRun) {
    for (const target of targets) terminal.print(plan(target, options))
    terminal.say(`Would sync ${counted(targets.length, 'run')}${passed}`)
    return 0
  }
  const stopping = stopOnSignal(terminal)
  const { synced, failed } = await syncRuns(terminal, environment, { ...options, targets, signal: stopping.signal })
  const isStopped = stopping.signal.aborted
  stopping.forget()
  terminal.say(
    `${counted(synced, 'run')} synced${failed > 0 ? `, ${failed} failed` : ''}${passed}` +
      (isStopped ? '; stopped: the same command goes on from there' : ''),
  )
  if (isStopped) return interruptedStatus
  return failed > 0 ? 1 : 0
}

function isWanted({ state, mode, synced, ...run }: LocalRunInfo, options: SyncOptions): boolean {
  if (state === 'unsynced') return true
  // The script of an online run has somebody who sends it.
  if (state === 'live') return options.isLive || mode === 'offline' || options.paths.length > 0
  if (options.includesSynced || synced === null) return options.includesSynced
  const { url = synced.url, project = synced.project, id = synced.run } = options
  const isElsewhere = serverAddress(url) !== synced.url || project !== synced.project || id !== synced.run
  return isElsewhere && run.project !== null
}

function toldOfPassed(runs: readonly LocalRunInfo[], chosen: readonly LocalRunInfo[]): string {
  const passed = runs.filter((run) => !chosen.includes(run))
  const synced = passed.filter(({ state }) => state === 'synced').length
  const live = passed.length - synced
  return (
    (synced > 0 ? `, ${counted(synced, 'run')} synced before` : '') +
    (live > 0 ? `, ${live} still running and sent as they run` : '')
  )
}

/** As asked, else by the environment, else the server that the run was begun for, else that of the settings. */
function destinationOf(run: LocalRunInfo, environment: Environment, asked: string | undefined): string {
  const own = environment.KIROKU_URL === undefined ? run.url : null
  return chosenUrl(asked ?? own ?? undefined, environment)
}

function plan({ run, url }: SyncTarget, { project, id }: SyncOptions): string {
  const kibibytes = Math.ceil(run.bytes / 1024)
  const place = `${project ?? run.project ?? '?'}/${id ?? run.id}`
  return `${shownPath(run.directory)}  ${kibibytes} KiB  ${run.state} -> ${url} ${place}`
}

/** Ctrl-C and SIGTERM end the sending at the next good moment; a second one does not wait. */
function stopOnSignal(terminal: Terminal): { signal: AbortSignal; forget(): void } {
  const stop = new AbortController()
  const signals = ['SIGINT', 'SIGTERM'] as const
  const take = (): void => {
    if (stop.signal.aborted) process.exit(interruptedStatus)
    terminal.say('Stopping')
    stop.abort(new KirokuError({ code: 'UNAVAILABLE', message: 'stopped' }))
  }
  for (const signal of signals) process.on(signal, take)
  return {
    signal: stop.signal,
    forget: () => {
      for (const signal of signals) process.off(signal, take)
    },
  }
}

/** Reads `old=new,...`. Throws BAD_REQUEST that shows the form. */
export function parseReplaceTags(text: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => pair.split('=').map((tag) => tag.trim()))
  if (pairs.every(([from, to, ...more]) => from && to && more.length === 0)) return Object.fromEntries(pairs)
  throw new KirokuError({ code: 'BAD_REQUEST', message: `--replace-tags wants old=new,old=new and got \`${text}\`` })
}
